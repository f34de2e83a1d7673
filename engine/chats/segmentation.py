"""Splits a chat into conversations at pauses of some hours. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice

from engine.chats.timestamps import moment, reading
from engine.text.conversations import Turn, as_text

# The order of day and month is told from these, and the first conversation waits for them.
SAMPLE_TURNS = 5_000
# As many as a row can have.
MAX_CHARACTERS = 4_000_000
Timed = tuple[datetime | None, Turn]


@dataclass(frozen=True)
class Segment:
    """One conversation of a chat; `begun` is its start time, "" if unknown.

    One without a pause may be longer than a row can be: `is_cut`, and the turns past `MAX_CHARACTERS` are dropped.
    """

    begun: str
    turns: tuple[Turn, ...]
    is_cut: bool = False

    @property
    def text(self) -> str:
        """The conversation as "Name: text" lines."""
        return as_text(self.turns)


def timed(turns: Iterable[Turn]) -> Iterator[Timed]:
    """Yield turns with their moments, in whatever format a text writes times; the first ones tell the format."""
    rest = iter(turns)
    sample = list(islice(rest, SAMPLE_TURNS))
    read = reading([turn.time for turn in sample])
    return ((read(turn.time), turn) for turn in chain(sample, rest))


def timed_exactly(turns: Iterable[Turn]) -> Iterator[Timed]:
    """Yield turns with their moments, one by one, for exports with exact times."""
    return ((moment(turn.time), turn) for turn in turns)


def segment(messages: Iterable[Timed], hours: float) -> Iterator[Segment]:
    """Yield the conversations of a chat, separated by pauses of `hours`; 0 keeps the chat whole.

    A turn without a date belongs to the conversation of the turn before it. A step back in time as long as a pause
    separates conversations too, as in files that hold several exports.
    """
    turns: list[Turn] = []
    begun = last = None
    size = 0
    for when, turn in messages:
        if when and last and hours and abs(when - last) >= timedelta(hours=hours):
            yield Segment(_start_text(begun), tuple(turns), is_cut=size > MAX_CHARACTERS)
            turns, begun, size = [], None, 0
        if size <= MAX_CHARACTERS:
            turns.append(turn)
            size += len(turn.speaker) + len(turn.text)
        begun = begun or when
        last = when or last
    if turns:
        yield Segment(_start_text(begun), tuple(turns), is_cut=size > MAX_CHARACTERS)


def _start_text(begun: datetime | None) -> str:
    return f"{begun:%Y-%m-%d %H:%M}" if begun else ""
