"""The words of a text in any script: letters, marks and digits that stand together.

In scripts without spaces (Han, kana, Thai, Lao, Khmer, Burmese, Tibetan) each character is a word, with its marks.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any, Literal

from engine.text.languages import ENGLISH, STEMMERS
from engine.text.normalization import normalized

_SPACELESS = r"\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
# Joiners, soft hyphens, direction marks and the stretched line of Arabic: parts of words that nobody reads.
_UNREAD = dict.fromkeys(
    [
        0x00AD,
        0x0640,
        0x200C,
        0x200D,
        0x200E,
        0x200F,
        0x2060,
        0xFEFF,
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
    ]
)
# Wide and narrow forms of letters, digits and punctuation.
_WIDTHS = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFF01, 0xFFEF)}
# İ and I are the capitals of i and ı there.
_DOTTED = str.maketrans({"İ": "i", "I": "ı"})
_DOTTED_LANGUAGES = {"az", "tr"}


@cache
def _patterns() -> tuple[Any, Any]:
    # Takes 20 ms to import, which a window's start need not wait for.
    import regex

    # A mark of an emoji begins no word.
    word = rf"[[\p{{L}}\p{{N}}_]--[{_SPACELESS}]][[\p{{L}}\p{{M}}\p{{N}}_]--[{_SPACELESS}]]*"
    character = rf"[[{_SPACELESS}]&&[\p{{L}}\p{{N}}]]\p{{M}}*"
    return (
        regex.compile(rf"(?V1){character}|{word}(?:['’]{word})*"),
        regex.compile(rf"(?V1){character}|{word.replace('_', '')}"),
    )


def words(text: str) -> list[str]:
    """Return the words of a text without case; "don't" is one."""
    found: list[str] = _patterns()[0].findall(_plain(text, "NFC"))
    return found


def characters(text: str) -> str:
    """Return a text in one form of each character: composed, of one width, without characters that nobody reads."""
    return normalized("NFC", text.translate(_UNREAD).translate(_WIDTHS))


def tokens(text: str, language: str = "") -> list[str]:
    """Return what ROUGE counts in a text of a language: words without case, parted at every other character."""
    if language in _DOTTED_LANGUAGES:
        text = text.translate(_DOTTED)
    found: list[str] = _patterns()[1].findall(_plain(text, "NFKC"))
    return found


def has_stemmer(language: str) -> bool:
    """Tell whether words of a language are stemmed."""
    return language == ENGLISH or language in STEMMERS


def _plain(text: str, form: Literal["NFC", "NFKC"]) -> str:
    """Return a text without case, and with one form of each character; with NFKC wide and narrow ones are equal."""
    return normalized(form, text.translate(_UNREAD).casefold())
