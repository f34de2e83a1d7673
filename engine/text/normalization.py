"""Unicode's normal forms in a time that grows with the text.

The library sorts the marks that follow one letter in quadratic time: some 100,000 of them, which no writing has, would
hold a process for minutes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Literal

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]

# Characters that are normalized at once, and marks on one letter of which each is counted.
BLOCK = 2000
MAX_MARKS = 32


def normalized(form: Form, text: str) -> str:
    """Return a text in a normal form. Of thousands of marks on one letter, only some are put in order together."""
    if len(text) <= BLOCK or text.isascii():
        return unicodedata.normalize(form, text)
    return "".join(unicodedata.normalize(form, block) for block in _blocks(text))


def composed_lengths(text: str) -> list[int]:
    """Return for each beginning of a text, the empty one first, how long it is in NFC."""
    lengths = [0]
    for letter in _letters(text):
        before = lengths[-1]
        whole = before + len(normalized("NFC", letter))
        lengths += [
            before + len(unicodedata.normalize("NFC", letter[:end])) if end <= MAX_MARKS else whole
            for end in range(1, len(letter) + 1)
        ]
    return lengths


def _blocks(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = cut = min(start + BLOCK, len(text))
        while start < cut < len(text) and not _begins_a_letter(text[cut]):
            cut -= 1
        end = cut if cut > start else end
        yield text[start:end]
        start = end


def _letters(text: str) -> Iterator[str]:
    """Yield each letter of a text with its marks."""
    start = 0
    for at in range(1, len(text)):
        if _begins_a_letter(text[at]):
            yield text[start:at]
            start = at
    if text:
        yield text[start:]


def _begins_a_letter(character: str) -> bool:
    """Tell whether a character composes with none before it: it is no mark, and no later part of a Korean syllable."""
    if character < "\u0300":
        return True
    return unicodedata.category(character)[0] != "M" and not "\u1160" <= character <= "\u11ff"
