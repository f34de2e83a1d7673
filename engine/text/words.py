"""The words and the sentences of a text in any script.

Words are letters, marks and digits that stand together. In scripts without spaces (Han, kana, Thai, Lao, Khmer,
Burmese, Tibetan) each character is a word, with its marks. Sentences end at line breaks and full stops of many scripts.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any, Literal

from engine.text.languages import ENGLISH, STEMMERS
from engine.text.normalization import normalized

_SPACELESS = r"\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
# Joiners, soft hyphens, direction marks and the stretched line of Arabic: parts of words that nobody reads.
_UNREAD = dict.fromkeys(
    [0x00AD, 0x0640, *range(0x200C, 0x2010), 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
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


# English: a sentence ends at . ! ? or …, with closing quotes and brackets, before a space and a character that can
# open a sentence. A full stop after a title, "e.g.", "i.e." or an initial ends none. "。！？" need no space.
_ENGLISH_END = re.compile(
    r"(?<!\b[A-Z]\.)(?<!\b(?:Mr|Ms|Dr|St|vs)\.)(?<!\b(?:Mrs|e\.g|i\.e)\.)(?<!\bProf\.)"
    r"(?<=[.!?…])(?P<close>[\"'”’)\]]*)\s+(?=[\"'“‘(\[]?[^\W_a-z])|(?<=[。！？])"
)
# Full stops that need no space: Chinese, Japanese, Arabic, Urdu, Hindi, Armenian, Amharic, Burmese, Khmer, Tibetan.
_OWN_STOPS = "。！？｡．؟۔।॥։።፧။។៕།"
_END = re.compile(
    rf"(?P<stop>[.!?…;\u037e])(?P<close>(?:[\"'”’“«)\]]|\s?»)*)\s+(?=[\"'“‘„«»(\[¿¡]*(?P<next>\w))"
    rf"|(?<=[{_OWN_STOPS}])(?P<own>[\"'”’»」』）)\]]*)"
)
_TITLES = re.compile(
    r"\b(?:\w|\d+|dr|prof|st|hr|fr|frl|mr|mrs|mme|mlle|sr|sra|srta|sig|dott|dhr|mevr|pan|bzw|usw|ca|nr|no|vgl|etc|ул|им"
    r"|г|тов|т\.е|z\.b|d\.h|p\.ej|κ)\.$",
    re.IGNORECASE,
)


def sentences(text: str, language: str = ENGLISH) -> list[str]:
    """Split a text of a language into sentences.

    A full stop after a title (Dr.), an initial (J. Smith) or, but for English, a number (am 5. Mai) ends none, nor
    does a mark before a small letter.
    """
    if language == ENGLISH:
        marked = _ENGLISH_END.sub(lambda match: (match["close"] or "") + "\n", text)
    else:
        marked = _END.sub(lambda match: _with_end(match, language), text)
    return [line.strip() for line in marked.splitlines() if line.strip()]


def _with_end(match: re.Match[str], language: str) -> str:
    """Return what a mark and the space after it become: with a line break, if it ends a sentence."""
    if match["stop"] is None:
        return f"{match['own']}\n"
    ends = not match["next"].islower()
    if match["stop"] == ".":
        ends = ends and _TITLES.search(match.string, 0, match.start() + 1) is None
    elif match["stop"] in ";\u037e":
        # The question mark of Greek.
        ends = language == "el"
    return f"{match['stop']}{match['close']}\n" if ends else match[0]
