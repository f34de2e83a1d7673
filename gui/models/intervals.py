"""Confidence intervals as values and as text; `gui.graphics.interval_bar` paints them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gui.look.format import NO_INTERVAL, interval, score
from gui.look.language import tr


@dataclass(frozen=True)
class ConfidenceInterval:
    """A mean with its confidence interval, in the unit of the axis; `token` is the colour.

    One conversation gives no interval: `low` and `high` are None.
    """

    mean: float
    low: float | None = None
    high: float | None = None
    token: str = "accent"

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the interval; the mean where there is none."""
        return (
            self.mean if self.low is None else self.low,
            self.mean if self.high is None else self.high,
        )


def confidence_interval(found: Mapping[str, Any], token: str = "accent") -> ConfidenceInterval:
    """Return the interval of `{"mean", "low", "high"}`; low and high may be missing."""
    return ConfidenceInterval(float(found["mean"]), found.get("low"), found.get("high"), token)


@dataclass(frozen=True)
class IntervalCell:
    """An interval in a cell: the axis from `axis_low` to `axis_high`, and the base model's mean if known."""

    interval: ConfidenceInterval
    axis_low: float
    axis_high: float
    base: float | None = None


def as_text(name: str, shown: ConfidenceInterval, verdict: str = "") -> str:
    """Return a score with its interval as text: "ROUGE-1 48.4, interval 47.2 to 49.6, better than base"."""
    text = f"{name} {score(shown.mean)}, {interval_text(shown)}"
    return f"{text}, {verdict}" if verdict else text


def interval_text(shown: ConfidenceInterval) -> str:
    """Return the interval as text, or why there is none."""
    if shown.low is None or shown.high is None:
        return tr(NO_INTERVAL)
    return tr("interval {interval}", interval=interval(shown.low, shown.high))
