"""Parses line-by-line exports: dates, times, invisible marks, and blocks below headers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

# Invisible direction marks that applications put before names and numbers.
MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
SPACES = re.compile("[\u00a0\u2007\u2009\u202f]")
DATE = r"(?:\d{1,4}[./-] ?\d{1,2}[./-] ?\d{1,4}\.?|\d{4}年\d{1,2}月\d{1,2}日|\d{4}년 \d{1,2}월 \d{1,2}일)"
# A time may follow words such as "um" or "à" and precede AM, p. m. and the like; in some languages it is reversed.
TIME = r"(?:[^\W\d_]{1,3} ?)?\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?: ?[^\W\d_]{1,3}\.?(?: ?[^\W\d_]{1,2}\.)?)?"
WHEN = rf"{DATE}[,،]? (?:[^\W\d_]{{1,3}}\.? )?{TIME}"
EDITED = re.compile(r"\((?:edited|bearbeitet|modifié|editado|modificato|bewerkt)\)\s*$", re.IGNORECASE)
# Exports have fewer lines than this above their first message.
MAX_LINES_BEFORE = 10


class Block(NamedTuple):
    """A message in a text: its header line, and the lines below it."""

    header: re.Match[str]
    lines: list[str]


def spaced(line: str) -> str:
    """Return a line with plain spaces, without direction marks at its start."""
    if line.isascii():
        return line.strip()
    return SPACES.sub(" ", line).lstrip("\u200e\u200f\u202a\u202b\u202c\ufeff ").rstrip()


def unmarked(text: str) -> str:
    """Return a text without direction marks."""
    return text.strip() if text.isascii() else MARKS.sub("", text).strip()


def blocks(lines: Iterable[str], header: re.Pattern[str]) -> tuple[list[str], list[Block]]:
    """Return the non-empty lines before the first header, and a block for each header."""
    before: list[str] = []
    parsed: list[Block] = []
    for line in lines:
        match = header.match(spaced(line))
        if match:
            parsed.append(Block(match, []))
        elif parsed:
            parsed[-1].lines.append(line)
        elif line.strip():
            before.append(spaced(line))
    # A text with more lines above the first message is no export.
    return ([], []) if len(before) > MAX_LINES_BEFORE else (before, parsed)


def filled(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines that are not blank, with plain spaces."""
    return (line for line in map(spaced, lines) if line)
