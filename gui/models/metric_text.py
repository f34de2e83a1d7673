"""Metrics of summaries and confidence intervals, as values and as text in display units. Knows no widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.api import metrics, score_text
from gui.look.format import number_text, percent, score
from gui.look.language import mark, tr, translate
from gui.models.list_text import UNKNOWN_VERDICT, VERDICTS

# Decimals of units that are shown as they are.
DIGITS: Mapping[metrics.Unit, int] = {"words": 1, "nats": 2}
# Verdicts behind a value.
VERDICT_TEXTS = {
    "better": mark("better than base"),
    "worse": mark("worse than base"),
    "higher": mark("higher than base"),
    "lower": mark("lower than base"),
    "no measurable difference": mark("no measurable difference from base"),
    "too few to tell": mark("too few conversations to compare with base"),
}


def notes_text(notes: Sequence[str]) -> str:
    """Return notes of the engine as sentences."""
    return " ".join(f"{translate(note)}." for note in notes)


def amount(value: float, unit: metrics.Unit, *, signed: bool = False) -> str:
    """Return a metric in its unit; differences are signed, those of fractions in percentage points."""
    if unit == "fraction" and not signed:
        return percent(value, 1)
    text = number_text(value, DIGITS[unit]) if unit in DIGITS else score(value)
    return f"+{text}" if signed and value > 0 else text


def interval_text(found: Mapping[str, Any], unit: metrics.Unit = "points", *, signed: bool = False) -> str:
    """Return an interval in a metric's unit: "6.1 to 7.4", or why there is none."""
    low, high = found.get("low"), found.get("high")
    if low is None or high is None:
        return tr(score_text.NO_INTERVAL)
    return tr("{low} to {high}", low=amount(low, unit, signed=signed), high=amount(high, unit, signed=signed))


def sign_of(difference: Mapping[str, Any] | None) -> tuple[str, str]:
    """Return icon and colour of a difference: whether the value rose or fell, and whether that is good.

    The arrow is that of the number; a verdict's text has its own icon.
    """
    icon, _, token = VERDICTS.get(str((difference or {}).get("verdict")), UNKNOWN_VERDICT)
    if difference and icon not in {"equals", UNKNOWN_VERDICT[0]}:
        icon = "arrow-up" if difference["mean"] > 0 else "arrow-down"
    return icon, token


def in_full(
    name: str, own: Mapping[str, Any], base: Mapping[str, Any] | None, difference: Mapping[str, Any] | None
) -> str:
    """Return a metric's name, value and interval, and its comparison with the base model."""
    metric = metrics.METRICS[name]
    text = f"{translate(metric.help)} {amount(own['mean'], metric.unit)}, {interval_text(own, metric.unit)}."
    if base and difference:
        verdict = str(difference.get("verdict"))
        compared = tr(
            "Base model {base}; difference {difference}, {interval}: {verdict}.",
            base=amount(base["mean"], metric.unit),
            difference=amount(difference["mean"], metric.unit, signed=True),
            interval=interval_text(difference, metric.unit, signed=True),
            verdict=tr(VERDICT_TEXTS[verdict]) if verdict in VERDICT_TEXTS else tr("not compared"),
        )
        return f"{text} {compared}"
    return text


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
        return (self.mean if self.low is None else self.low, self.mean if self.high is None else self.high)


def confidence_interval(found: Mapping[str, Any], token: str = "accent") -> ConfidenceInterval:
    """Return the interval of `{"mean", "low", "high"}`; low and high may be missing."""
    return ConfidenceInterval(float(found["mean"]), found.get("low"), found.get("high"), token)


def axis_around(ends: Sequence[float]) -> tuple[float, float]:
    """Return the range of an axis with the ends of intervals and single means on it, and a margin."""
    if not ends:
        return 0.0, 1.0
    air = max(0.002, (max(ends) - min(ends)) * 0.08)
    return min(ends) - air, max(ends) + air


def as_text(name: str, shown: ConfidenceInterval, verdict: str = "") -> str:
    """Return a score with its interval as text: "ROUGE-1 48.4, interval 47.2 to 49.6, better than base"."""
    text = f"{name} {score(shown.mean)}, {confidence_text(shown)}"
    return f"{text}, {verdict}" if verdict else text


def confidence_text(shown: ConfidenceInterval) -> str:
    """Return the interval as text, or why there is none."""
    if shown.low is None or shown.high is None:
        return tr(score_text.NO_INTERVAL)
    return tr("interval {interval}", interval=interval_text({"low": shown.low, "high": shown.high}))
