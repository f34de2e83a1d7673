"""Confidence intervals as values and as text; `gui.graphics.interval_bar` paints them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gui.look.format import NO_INTERVAL, interval, score
from gui.look.language import tr


@dataclass(frozen=True)
class Whisker:
    """A mean with its interval, all in the unit of the axis they are drawn on; `token` is its colour.

    One conversation gives no interval: `low` and `high` are then None.
    """

    mean: float
    low: float | None = None
    high: float | None = None
    token: str = "accent"

    @property
    def ends(self) -> tuple[float, float]:
        """What an axis must hold: the interval, or the mean where there is none."""
        return (
            self.mean if self.low is None else self.low,
            self.mean if self.high is None else self.high,
        )


def whisker_of(spread: Mapping[str, Any], token: str = "accent") -> Whisker:
    """Return the whisker of `{"mean", "low", "high"}`, whose last two may be missing."""
    return Whisker(float(spread["mean"]), spread.get("low"), spread.get("high"), token)


@dataclass(frozen=True)
class WhiskerCell:
    """What a cell shows: a whisker, the axis from `axis_low` to `axis_high`, and the base's mean if known."""

    whisker: Whisker
    axis_low: float
    axis_high: float
    base: float | None = None


def in_words(name: str, whisker: Whisker, verdict: str = "") -> str:
    """Return a score's whisker in words: "ROUGE-1 48.4, interval 47.2 to 49.6, better than base"."""
    told = f"{name} {score(whisker.mean)}, {spread_words(whisker)}"
    return f"{told}, {verdict}" if verdict else told


def spread_words(whisker: Whisker) -> str:
    """Return a whisker's interval in words, or why there is none."""
    if whisker.low is None or whisker.high is None:
        return tr(NO_INTERVAL)
    return tr("interval {interval}", interval=interval(whisker.low, whisker.high))
