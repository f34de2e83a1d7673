"""Splits chats into conversations at pauses of some hours, and counts what is read and what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, islice

from engine.chats.chat import TITLES, Kind, LeftOut, LeftOutKind, left_out_text
from engine.chats.timestamps import moment, reading
from engine.messages import counted, joined, say
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


NAMELESS = "It names no speakers."
# Their times count from the start of the recording: they have no dates.
DATELESS: set[Kind] = {"webvtt", "srt", "transcript", "speech"}


@dataclass
class ImportStats:
    """The counts of one chat, with its name and the kind of export.

    `hours` is the length of a pause that separates conversations; 0 keeps the chat whole, and so do times without
    dates.
    """

    name: str
    kind: Kind
    hours: float
    is_dated: bool = False
    turns: int = 0
    conversations: int = 0
    speakers: set[str] = field(default_factory=set)
    left_out: Counter[LeftOutKind] = field(default_factory=Counter)

    def following(self, parts: Iterable[Segment]) -> Iterator[Segment]:
        """Yield the conversations, counting them."""
        for part in parts:
            self.conversations += 1
            self.is_dated = self.is_dated or bool(part.begun)
            self.turns += len(part.turns)
            self.speakers.update(turn.speaker for turn in part.turns if turn.speaker)
            yield part

    @property
    def is_segmented(self) -> bool:
        """Whether the chat is split at pauses."""
        return self.hours > 0 and self.is_dated

    @property
    def lacks_dates(self) -> bool:
        """Whether it stays whole because its times have no dates."""
        return self.hours > 0 and self.turns > 0 and not self.is_dated and self.kind not in DATELESS

    def leave_out(self, lines: Iterable[LeftOut]) -> None:
        """Count left-out lines."""
        self.left_out.update(line.kind for line in lines)


def remarks(all_stats: Sequence[ImportStats]) -> list[str]:
    """Return a sentence about each kind of export: chats, turns, conversations and left-out lines."""
    kinds = dict.fromkeys(stats.kind for stats in all_stats)
    return [_remark(kind, [stats for stats in all_stats if stats.kind == kind]) for kind in kinds]


def _remark(kind: Kind, all_stats: Sequence[ImportStats]) -> str:
    count = len(all_stats)
    which = (
        say("{} is read as turns.", all_stats[0].name)
        if count == 1
        else say("{:,} chats are read as turns.", count)
    )
    people = len(set[str]().union(*(stats.speakers for stats in all_stats)))
    counts = [
        counted(sum(stats.turns for stats in all_stats), "turn", "turns"),
        counted(people, "speaker", "speakers") if people else "",
        counted(sum(stats.conversations for stats in all_stats), "conversation", "conversations")
        if any(stats.is_segmented for stats in all_stats)
        else "",
    ]
    out = left_out_text(sum((stats.left_out for stats in all_stats), Counter[LeftOutKind]()))
    said = joined("; ", (joined(", ", counts), out))
    undated = sum(stats.lacks_dates for stats in all_stats)
    nameless = "" if people or not any(stats.turns for stats in all_stats) else NAMELESS
    whole = say("Kept whole for lack of dates: {:,} of {:,}.", undated, count) if undated else ""
    return joined(" ", (which, say("{}: {}.", TITLES[kind], said), whole, nameless))
