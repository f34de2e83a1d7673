"""Tells what stands in columns: texts like conversations and summaries, or what is neither, whatever it is called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from engine.data import column_names
from engine.text.conversations import turns
from engine.text.words import words

# Titles, topics and names are shorter than what sums a conversation up.
MIN_WORDS = 4
# Of characters, for languages without spaces.
MIN_CHARACTERS = 10
# A summary is not the same in most rows, and shorter than its conversation.
MIN_DIFFERENT = 0.7
MAX_OF_CONVERSATION = 0.8
# Of the longer words of a summary, those that its conversation has too.
MIN_SHARED = 0.2
MIN_SHARED_CHARACTERS = 4
# Fewer cells say nothing of what is the same in all of them.
MIN_COMPARED = 3
# As much of a text tells whether it has several words, and several turns.
MAX_FOR_WORDS, MAX_FOR_TURNS = 200, 4_000
# A column is taken for what most of its cells are.
MOST = 0.8
_DATE = re.compile(
    r"(?:\w{3,10}[,.]? )?(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}\.? \w{3,10}\.?,? \d{4}|\w{3,10}\.? \d{1,2},? \d{4})"
    r"(?:(?:,? (?:at )?|T)\d{1,2}:\d{2}[^\n]{0,20})?|\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?: ?[AaPp]\.?[Mm]\.?)?"
)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.]+", re.ASCII)
_FILE = re.compile(r"[^\n:]{0,200}[\w)\]]\.(?:[A-Za-z][A-Za-z0-9]{1,4}|mp[34])", re.ASCII)
# One word of letters, digits and marks, with a digit in it.
_ID = re.compile(r"(?=\D{0,60}\d)[\w.:@/#+-]{1,80}", re.ASCII)
ALIKE = "the same text in every row"
_OTHERS = {"dates or times": _DATE, "addresses": _ADDRESS, "names of files": _FILE, "ids": _ID}


def held_instead(cells: Sequence[Any]) -> str:
    """Return what stands in cells that are neither conversations nor summaries, "" where they may be."""
    filled = [cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()]
    if not filled:
        return ""
    for held, pattern in _OTHERS.items():
        if sum(pattern.fullmatch(text) is not None for text in filled) >= MOST * len(filled):
            return held
    if len(filled) >= MIN_COMPARED and len(set(filled)) == 1:
        return ALIKE
    return ""


@dataclass(frozen=True)
class _Texts:
    """What a column's texts are like: their mean length in characters, and the part of them that are several turns."""

    name: str
    length: float
    with_turns: float


def conversation_column(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], summary: str | None = None
) -> tuple[str, str] | None:
    """Return the column of conversations and the reason: the one with turns, else the longest; None if unclear."""
    found = _texts(columns, rows)
    talking = [each for each in found if each.with_turns > 0.5]
    if len(talking) == 1:
        return talking[0].name, "as turns of speakers stand in it"
    longest = sorted(talking or found, key=lambda each: -each.length)
    if len(longest) == 2 and longest[1].length <= MAX_OF_CONVERSATION * longest[0].length:
        return longest[0].name, "as its texts are the longer ones"
    if summary and len(longest) == 1:
        others = _texts([summary], rows)
        if others and others[0].length <= MAX_OF_CONVERSATION * longest[0].length:
            return longest[0].name, "as it is the only other column of texts, and they are longer"
    return None


def likelier_conversation(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, clearly: bool = False
) -> str | None:
    """Return, of columns that may be it by their names, the one with turns, else with the longest texts.

    `clearly`: None unless it has turns alone, or texts longer by far.
    """
    found = sorted(_texts(columns, rows), key=lambda each: (each.with_turns <= 0.5, -each.length))
    if clearly and len(found) > 1:
        first, second = found[:2]
        is_alike = (first.with_turns > 0.5) == (second.with_turns > 0.5)
        if is_alike and second.length > MAX_OF_CONVERSATION * first.length:
            return None
    return found[0].name if found else None


def summary_column(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], conversation: str
) -> tuple[str, str] | None:
    """Return the column of summaries and the reason: the only other one with shorter texts; None if unclear."""
    found = {each.name: each for each in _texts(columns, rows)}
    long = found.pop(conversation, None)
    if long is None or len(found) != 1:
        return None
    (other,) = found.values()
    if column_names.parts_of(column_names.plain(other.name))[-1] in column_names.OTHER_NAMES:
        return None
    if other.length > MAX_OF_CONVERSATION * long.length or not _shares_words(rows, other.name, conversation):
        return None
    return other.name, "as it is the only other column of texts, and they are shorter"


def may_hold_summaries(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether summaries may stand in any of the columns."""
    return bool(_texts(columns, rows))


def _shares_words(rows: Sequence[Mapping[str, Any]], summary: str, conversation: str) -> bool:
    """Tell whether texts say something of what stands beside them."""
    shares = []
    for row in rows:
        short, long = row.get(summary), row.get(conversation)
        if isinstance(short, str) and isinstance(long, str):
            said = set(words(short))
            longer = {word for word in said if len(word) >= MIN_SHARED_CHARACTERS} or said
            shares.append(len(longer & set(words(long))) / len(longer) if longer else 0.0)
    return not shares or mean(shares) >= MIN_SHARED


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
    if held_instead(filled):
        return None
    if length < MIN_CHARACTERS or mean(len(words(text[:MAX_FOR_WORDS])) for text in filled) < MIN_WORDS:
        return None
    beginnings = (text[:MAX_FOR_TURNS] for text in filled)
    several = sum(len([turn for turn in turns(text) if turn.speaker]) > 1 for text in beginnings)
    return _Texts(name, length, several / len(filled))
