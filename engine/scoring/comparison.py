"""Compares columns of scores of the same conversations, and pairs of summaries. Knows nothing of runs."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SCORE = "rouge1"
RESAMPLES = 1_000


@dataclass(frozen=True)
class ColumnScore:
    """The mean of a column with its interval, and its paired difference from the first column, None for that one.

    Keys are "mean", "low" and "high", of the difference "verdict" too; a single conversation has no "low" and "high".
    """

    score: dict[str, float]
    difference: dict[str, Any] | None


def compare_columns(columns: Sequence[Sequence[float]]) -> list[ColumnScore]:
    """Return the score of each column, compared with the first one; all are of the same conversations."""
    # Imports numpy, which a window needs only once there is something to compare.
    from engine.scoring import bootstrap

    first, *_ = columns
    return [
        ColumnScore(
            bootstrap.interval(values, RESAMPLES).as_dict(),
            bootstrap.difference_dict(bootstrap.difference(first, values, RESAMPLES)) if index else None,
        )
        for index, values in enumerate(columns)
    ]


def disagreement(one: str, other: str) -> float:
    """Return the fraction of words in which two texts differ, in order: 0 for equal texts, 1 for no common word."""
    words = one.casefold().split(), other.casefold().split()
    if not any(words):
        return 0.0
    return 1.0 - difflib.SequenceMatcher(None, *words, autojunk=False).ratio()
