"""Tells which columns hold conversations and summaries by what stands in them, where no name says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from engine.text.conversations import turns
from engine.text.words import words

# Titles, topics and names are shorter than what sums a conversation up.
MIN_WORDS = 4
# Of characters, for languages without spaces.
MIN_CHARACTERS = 10
# A summary is not the same in most rows, and shorter than its conversation.
MIN_DIFFERENT = 0.7
MAX_OF_CONVERSATION = 0.8


@dataclass(frozen=True)
class _Texts:
    """What a column's texts are like: their mean length in characters, and the part of them that are several turns."""

    name: str
    length: float
    with_turns: float


def conversation_column(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> tuple[str, str] | None:
    """Return the column of conversations and the reason: the one with turns, else the longest; None if unclear."""
    found = _texts(columns, rows)
    talking = [each for each in found if each.with_turns > 0.5]
    if len(talking) == 1:
        return talking[0].name, "as turns of speakers stand in it"
    longest = sorted(talking or found, key=lambda each: -each.length)
    if len(longest) == 2 and longest[1].length <= MAX_OF_CONVERSATION * longest[0].length:
        return longest[0].name, "as its texts are the longer ones"
    return None


def summary_column(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], conversation: str
) -> tuple[str, str] | None:
    """Return the column of summaries and the reason: the only other one with shorter texts; None if unclear."""
    found = {each.name: each for each in _texts(columns, rows)}
    long = found.pop(conversation, None)
    if long is None or len(found) != 1:
        return None
    (other,) = found.values()
    if other.length > MAX_OF_CONVERSATION * long.length:
        return None
    return other.name, "as it is the only other column of texts, and they are shorter"


def may_hold_summaries(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether summaries may stand in any of the columns."""
    return bool(_texts(columns, rows))


def _texts(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[_Texts]:
    """Return the columns that hold texts of several words which differ from row to row."""
    found = (_described(name, [row.get(name) for row in rows]) for name in columns)
    return [each for each in found if each is not None]


def _described(name: str, cells: Sequence[Any]) -> _Texts | None:
    filled = [cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()]
    others = [cell for cell in cells if cell is not None and not isinstance(cell, str)]
    if not filled or others or len(set(filled)) < MIN_DIFFERENT * len(filled):
        return None
    length = mean(map(len, filled))
    if length < MIN_CHARACTERS or mean(len(words(text)) for text in filled) < MIN_WORDS:
        return None
    several = sum(len([turn for turn in turns(text) if turn.speaker]) > 1 for text in filled)
    return _Texts(name, length, several / len(filled))
