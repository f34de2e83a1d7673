"""Splits a chat into conversations at pauses of some hours. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.chats.timestamps import moment, moments
from engine.text.conversations import Turn, as_text

Timed = tuple[datetime | None, Turn]


@dataclass(frozen=True)
class Segment:
    """One conversation of a chat; `begun` is when, "" if that is not known."""

    begun: str
    turns: tuple[Turn, ...]

    @property
    def text(self) -> str:
        """The conversation as "Name: text" lines."""
        return as_text(self.turns)


def timed(turns: tuple[Turn, ...]) -> Iterator[Timed]:
    """Give turns with the moments at which they were said, whichever way a text writes these."""
    return zip(moments([turn.time for turn in turns]), turns, strict=True)


def timed_exactly(turns: Iterable[Turn]) -> Iterator[Timed]:
    """Give turns with their moments, one after another, of exports that write these exactly."""
    return ((moment(turn.time), turn) for turn in turns)


def segment(messages: Iterable[Timed], hours: float) -> Iterator[Segment]:
    """Give the conversations of a chat: whole with 0 hours; a turn without a date goes on with the one before it.

    A step back as long as a pause begins another one too: exports that were joined stand so.
    """
    gathered: list[Turn] = []
    begun = last = None
    for when, turn in messages:
        if when and last and hours and abs(when - last) >= timedelta(hours=hours):
            yield Segment(_words(begun), tuple(gathered))
            gathered, begun = [], None
        gathered.append(turn)
        begun = begun or when
        last = when or last
    if gathered:
        yield Segment(_words(begun), tuple(gathered))


def _words(begun: datetime | None) -> str:
    return f"{begun:%Y-%m-%d %H:%M}" if begun else ""
