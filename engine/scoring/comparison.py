"""How scores and texts of the same conversations compare: column by column, summary by summary. Knows no run."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SCORE = "rouge1"
RESAMPLES = 1_000


@dataclass(frozen=True)
class ColumnScore:
    """How a column of scores stands: its mean with an interval, and its paired difference from the first column's.

    The intervals are "mean", "low" and "high" as events carry them, the difference with its "verdict"; the first column
    has none, and one conversation alone gives no "low" and no "high".
    """

    score: dict[str, float]
    difference: dict[str, Any] | None


def compare_columns(columns: Sequence[Sequence[float]]) -> list[ColumnScore]:
    """Return how columns of scores of the same conversations stand, the first being the yardstick."""
    # numpy, which a window need not load before there is something to compare.
    from engine.scoring import bootstrap

    first, *_ = columns
    return [
        ColumnScore(
            bootstrap.interval(values, RESAMPLES).as_dict(),
            bootstrap.difference_dict(bootstrap.difference(first, values, RESAMPLES)) if place else None,
        )
        for place, values in enumerate(columns)
    ]


def disagreement(one: str, other: str) -> float:
    """Return the share of words in which two texts differ, their order counted: 0 for equal words, 1 for none."""
    words = one.casefold().split(), other.casefold().split()
    if not any(words):
        return 0.0
    return 1.0 - difflib.SequenceMatcher(None, *words, autojunk=False).ratio()
