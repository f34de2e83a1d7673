"""Finds the header among the first rows of a sheet: below titles and notes, or nowhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median
from typing import Any

# So many rows are looked at; so long a name of a column may be.
LOOKED_AT = 30
MAX_NAME_CHARACTERS = 60
MAX_NAME_WORDS = 8
# Of a name in a text file, whose first line is its header unless that can't be: questions of a survey are long.
MAX_HEAD_CHARACTERS = 200
# A header may have a colon in it, as "Q1: How old are you?" has, but not two speakers.
SPEAKER = re.compile(r"(?:^|(?<=\s))[^\W\d_a-z][^\W\d_]{1,20}: (?=\S)")
# A header has names for at least this share of the columns that most rows fill.
MIN_NAMED = 0.6
Cells = Sequence[Any]


def find(rows: Sequence[Cells]) -> tuple[int, bool]:
    """Return the index of the first row that is no title or note, and whether it is a header; rows are the first ones.

    A row with long or several lines of text, or with a number, is none.
    """
    filled = [_filled(row) for row in rows]
    typical = median([count for count in filled if count] or [1])
    wide = (index for index, count in enumerate(filled) if count >= max(min(typical, 2), MIN_NAMED * typical))
    first = next(wide, next((index for index, count in enumerate(filled) if count), 0))
    return first, not rows or all(_is_name(cell) for cell in rows[first] if not _is_empty(cell))


def holds_texts(row: Cells) -> bool:
    """Tell whether a first row holds what no name of a column is: a text of several lines or turns, or a long one."""
    return any(
        isinstance(cell, str)
        and ("\n" in cell.strip() or len(cell) > MAX_HEAD_CHARACTERS or len(SPEAKER.findall(cell)) > 1)
        for cell in row
    )


def _filled(row: Cells) -> int:
    return sum(not _is_empty(cell) for cell in row)


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _is_name(cell: Any) -> bool:
    """Tell whether a cell may be the name of a column."""
    if not isinstance(cell, str):
        return False
    text = cell.strip()
    return (
        len(text) <= MAX_NAME_CHARACTERS
        and "\n" not in text
        and len(text.split()) <= MAX_NAME_WORDS
        and ": " not in text
    )
