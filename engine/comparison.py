"""Base and tuned model conversation by conversation: rows to be sorted by what was gained, lost, or said otherwise.

Knows nothing of how a table looks.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from engine.example_scores import ExampleScores

SCORE = "rouge1"
RESAMPLES = 1_000
Order = Literal["given", "gain", "loss", "disagreement"]


@dataclass(frozen=True)
class Compared:
    """One conversation: its texts, what both wrote, both scores (fractions).

    `disagreement` is the share of words in which the two summaries differ, 0 for equal ones, whatever they score.
    `conversation` is "" and `references` are none where the run did not keep them.
    """

    place: int
    id: str
    conversation: str
    references: tuple[str, ...]
    base: str
    tuned: str
    base_score: float
    tuned_score: float
    disagreement: float

    @property
    def gain(self) -> float:
        """What the tuned model scores above the base."""
        return self.tuned_score - self.base_score


@dataclass(frozen=True)
class Standing:
    """How a column of scores stands: its mean with an interval, and its paired difference from the first column's.

    The intervals are "mean", "low" and "high" as events carry them, the difference with its "verdict"; the first column
    has none, and one conversation alone gives no "low" and no "high".
    """

    score: dict[str, float]
    difference: dict[str, Any] | None


def standings(columns: Sequence[Sequence[float]]) -> list[Standing]:
    """Return how columns of scores of the same conversations stand, the first being the yardstick."""
    # numpy, which a window need not load before there is something to compare.
    from engine import statistics

    first, *_ = columns
    return [
        Standing(
            statistics.interval(values, RESAMPLES).as_dict(),
            statistics.difference_dict(statistics.difference(first, values, RESAMPLES)) if place else None,
        )
        for place, values in enumerate(columns)
    ]


def compared(scores: ExampleScores) -> list[Compared]:
    """Return the conversations in the order in which they were scored; none if the score is missing."""
    before, after = scores.base.rouge.get(SCORE), scores.tuned.rouge.get(SCORE)
    if before is None or after is None:
        return []
    return [
        Compared(
            place=place,
            id=example,
            conversation=scores.texts[place].conversation if scores.texts else "",
            references=scores.texts[place].references if scores.texts else (),
            base=scores.base.summaries[place],
            tuned=scores.tuned.summaries[place],
            base_score=before[place],
            tuned_score=after[place],
            disagreement=disagreement(scores.base.summaries[place], scores.tuned.summaries[place]),
        )
        for place, example in enumerate(scores.examples)
    ]


def disagreement(one: str, other: str) -> float:
    """Return the share of words in which two texts differ, their order counted: 0 for equal words, 1 for none."""
    words = one.casefold().split(), other.casefold().split()
    if not any(words):
        return 0.0
    return 1.0 - difflib.SequenceMatcher(None, *words, autojunk=False).ratio()


_KEYS: dict[Order, Callable[[Compared], float]] = {
    "given": lambda row: row.place,
    "gain": lambda row: -row.gain,
    "loss": lambda row: row.gain,
    "disagreement": lambda row: -row.disagreement,
}


def ordered(rows: Sequence[Compared], order: Order) -> list[Compared]:
    """Return the rows in an order; where they tie, as they were scored."""
    key = _KEYS[order]
    return sorted(rows, key=lambda row: (key(row), row.place))
