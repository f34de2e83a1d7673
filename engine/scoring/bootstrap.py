"""Bootstrap confidence intervals of a mean, and of the paired difference of two systems.

Percentile bootstrap (Efron 1979), paired for differences (Koehn 2004): examples are drawn with replacement,
and differences are drawn example by example, so that what makes an example hard for both systems cancels out.
Knows nothing of models, texts or names of metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.messages import say
from engine.scoring.metrics import MIN_EXAMPLES, Good
from engine.system.validators import Verdict

LEVEL = 0.95
SEED = 20_040_725
# Resamples are drawn in blocks of at most this many values, so that memory stays small.
BLOCK = 1 << 21


@dataclass(frozen=True)
class Interval:
    """The mean of so many examples and its 95 % interval. One gives no interval: `low` and `high` are None."""

    mean: float
    low: float | None
    high: float | None
    examples: int

    def as_dict(self) -> dict[str, float]:
        """Return `{"mean", "low", "high"}`, without "low" and "high" where there is no interval."""
        facts = {"mean": self.mean, "low": self.low, "high": self.high}
        return {name: value for name, value in facts.items() if value is not None}

    @property
    def verdict(self) -> Verdict:
        """The verdict of a difference whose higher values are better."""
        return self.judged("higher")

    def judged(self, good: Good) -> Verdict:
        """Return the verdict of a difference: none that is measurable if the interval contains 0.

        There is none on too few examples. Where neither direction is better, the verdict is the direction.
        """
        if self.examples < MIN_EXAMPLES:
            return "too few to tell"
        if self.low is None or self.high is None or self.low <= 0.0 <= self.high:
            return "no measurable difference"
        direction: Literal["higher", "lower"] = "higher" if self.low > 0.0 else "lower"
        if good == "neither":
            return direction
        return "better" if direction == good else "worse"


def interval(values: Sequence[float], resamples: int, seed: int = SEED) -> Interval:
    """Return the mean of `values` and its interval from `resamples`; equal seeds give equal intervals.

    Raises ValueError if there are no values.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.size == 0:
        raise ValueError("a mean needs at least one value")
    mean = float(numbers.mean())
    if numbers.size == 1:
        return Interval(mean, None, None, 1)
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(resampled_means(numbers, resamples, seed), [tail, 1.0 - tail])
    return Interval(mean, float(low), float(high), numbers.size)


def difference(before: Sequence[float], after: Sequence[float], resamples: int) -> Interval:
    """Return the mean of `after` minus `before`, example by example, and its interval.

    Raises ValueError if the two have different lengths.
    """
    if len(before) != len(after):
        raise ValueError(say("{} values can't be paired with {}", len(before), len(after)))
    return interval([new - old for old, new in zip(before, after, strict=True)], resamples)


def difference_dict(interval: Interval, good: Good = "higher") -> dict[str, Any]:
    """Return a difference as events and files have it: the interval and its verdict."""
    return {**interval.as_dict(), "verdict": interval.judged(good)}


def resampled_means(numbers: NDArray[np.float64], resamples: int, seed: int = SEED) -> NDArray[np.float64]:
    """Return the mean of each resample, as many values as `numbers` drawn with replacement."""
    random = np.random.default_rng(seed)
    rows = max(1, BLOCK // numbers.size)
    blocks = []
    for start in range(0, resamples, rows):
        count = min(rows, resamples - start)
        blocks.append(numbers[random.integers(0, numbers.size, (count, numbers.size))].mean(axis=1))
    return np.concatenate(blocks)
