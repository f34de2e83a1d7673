"""Counts turns, conversations and left-out lines of chats that are read as data, and describes the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from engine.chats.chat import TITLES, Kind, LeftOut, LeftOutKind, counted, left_out_text
from engine.chats.segmentation import Segment

NAMELESS = "No one is named in it: the model can't learn who says what."
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
    which = f"{all_stats[0].name} is read as turns." if count == 1 else f"{count:,} chats are read as turns."
    people = len(set[str]().union(*(stats.speakers for stats in all_stats)))
    counts = [
        counted(sum(stats.turns for stats in all_stats), "turn", "turns"),
        counted(people, "speaker", "speakers") if people else "",
        counted(sum(stats.conversations for stats in all_stats), "conversation", "conversations")
        if any(stats.is_segmented for stats in all_stats)
        else "",
    ]
    out = left_out_text(sum((stats.left_out for stats in all_stats), Counter[LeftOutKind]()))
    said = "; ".join(filter(None, (", ".join(filter(None, counts)), out)))
    undated = sum(stats.lacks_dates for stats in all_stats)
    nameless = "" if people or not any(stats.turns for stats in all_stats) else NAMELESS
    sentences = (which, f"{TITLES[kind]}: {said}.", _whole(undated, count) if undated else "", nameless)
    return " ".join(filter(None, sentences))


def _whole(undated: int, count: int) -> str:
    if count == 1:
        return "It stays whole, as its times have no dates."
    if undated == 1:
        return "1 of them stays whole, as its times have no dates."
    return f"{undated:,} of them stay whole, as their times have no dates."
