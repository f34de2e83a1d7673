"""Confidence intervals over seeds and conversations together, for methods that were trained with several seeds.

All seeds of a method are scored on the same conversations: a crossed design, so both are resampled on their own (Owen
2007, "The pigeonhole bootstrap"). Conversations are many and are drawn with replacement, each with its mean over the
seeds. Seeds are few: drawn with replacement, three of them would show two thirds of their variance, and never more than
they have. So each resample is moved by a value of Student's t with one degree of freedom less than there are seeds,
times the standard error of the seeds' means. The sum of both has the distribution of Behrens and Fisher (Fisher 1935),
whose intervals hold the truth at least as often as they say. In the difference of two methods with seeds, the standard
errors of both are one, with the degrees of freedom of Welch (1947). Two seeds give a wide interval: they say little
about a third.
Knows nothing of methods and of names of metrics.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import fmean, stdev

import numpy as np
from numpy.typing import NDArray

from engine.messages import say
from engine.scoring import bootstrap
from engine.scoring.bootstrap import BLOCK, LEVEL, SEED, Interval

# The values of a method on each conversation, a sequence for each of its seeds.
Seeds = Sequence[Sequence[float]]
TAIL = (1.0 - LEVEL) / 2.0
ANGLES = 4_000


def interval(seeds: Seeds, resamples: int) -> Interval:
    """Return the mean over seeds and conversations and its interval; that of one seed is over conversations alone.

    Raises ValueError without values, or for seeds with different numbers of conversations.
    """
    return _interval([(1.0, _matrix(seeds))], resamples)


def difference(before: Seeds, after: Seeds, resamples: int) -> Interval:
    """Return the mean of `after` minus `before` and its interval: conversations are paired, seeds are not.

    Raises ValueError if the two are of different numbers of conversations.
    """
    return _interval([(1.0, _matrix(after)), (-1.0, _matrix(before))], resamples)


def combined(seeds: Sequence[Interval]) -> Interval:
    """Return the mean of intervals of single seeds, and its interval, where there are no values by conversation.

    The half widths of both sources of chance are added as squares (Zou and Donner 2008). That of the conversations is
    the mean of the seeds': it is no more than that, as seeds do not err alike.
    """
    means = [each.mean for each in seeds]
    mean, examples = fmean(means), min(each.examples for each in seeds)
    lows = [each.mean - each.low for each in seeds if each.low is not None]
    highs = [each.high - each.mean for each in seeds if each.high is not None]
    if len(lows) < len(seeds) or len(highs) < len(seeds):
        return Interval(mean, None, None, examples)
    of_seeds = 0.0
    if len(seeds) > 1:
        error = (spread(means) or 0.0) / math.sqrt(len(seeds))
        of_seeds = error * float(t_quantiles(np.asarray([1.0 - TAIL]), len(seeds) - 1)[0])
    return Interval(
        mean, mean - math.hypot(fmean(lows), of_seeds), mean + math.hypot(fmean(highs), of_seeds), examples
    )


def within(found: Interval, bounds: tuple[float, float]) -> Interval:
    """Return an interval that ends at the least and the most that its metric can be."""
    if found.low is None or found.high is None:
        return found
    least, most = bounds
    return Interval(found.mean, max(found.low, least), min(found.high, most), found.examples)


def spread(means: Sequence[float]) -> float | None:
    """Return the standard deviation of the seeds' means, None for one seed."""
    return stdev(means) if len(means) > 1 else None


def _matrix(seeds: Seeds) -> NDArray[np.float64]:
    """Return a row for each seed and a column for each conversation."""
    if len({len(each) for each in seeds}) > 1:
        raise ValueError("seeds with different numbers of conversations can't be combined")
    return np.asarray(seeds, dtype=np.float64)


def _interval(systems: Sequence[tuple[float, NDArray[np.float64]]], resamples: int) -> Interval:
    """Return the mean and interval of a sum of systems, each with its sign."""
    counts = sorted({matrix.shape[1] for _, matrix in systems})
    if len(counts) > 1:
        raise ValueError(say("{} values can't be paired with {}", counts[0], counts[1]))
    by_conversation = np.sum([sign * matrix.mean(axis=0) for sign, matrix in systems], axis=0)
    several = [matrix for _, matrix in systems if len(matrix) > 1]
    if not several or counts[0] == 1:
        return bootstrap.interval(by_conversation.tolist(), resamples)
    draws = _resampled_means(by_conversation, resamples) + _deviations(several, resamples)
    low, high = np.quantile(draws, [TAIL, 1.0 - TAIL])
    return Interval(float(by_conversation.mean()), float(low), float(high), counts[0])


def _resampled_means(values: NDArray[np.float64], resamples: int) -> NDArray[np.float64]:
    """Return the mean of each resample. All metrics of an arena have the same resamples, which are drawn once."""
    if values.size * resamples > BLOCK:
        return bootstrap.resampled_means(values, resamples)
    # On one thread: the threads of a matrix product cost more than it does beside a run.
    return np.asarray(np.einsum("ij,j->i", _weights(values.size, resamples), values))


@lru_cache(maxsize=1)
def _weights(count: int, resamples: int) -> NDArray[np.float64]:
    """Return how often each value is in each resample, as a fraction."""
    drawn = np.random.default_rng(SEED).integers(0, count, (resamples, count))
    places = drawn + count * np.arange(resamples)[:, None]
    return np.bincount(places.ravel(), minlength=count * resamples).reshape(resamples, count) / count


def _deviations(systems: Sequence[NDArray[np.float64]], count: int) -> NDArray[np.float64]:
    """Return by how much a difference of other seeds of these systems may differ from theirs, in random order.

    The values are evenly spaced in probability: of random ones, a few far ones would decide an interval.
    """
    squared_errors = [float(matrix.mean(axis=1).var(ddof=1)) / len(matrix) for matrix in systems]
    squared_error = sum(squared_errors)
    if squared_error == 0.0:
        return np.zeros(count)
    freedom = squared_error**2 / sum(
        each**2 / (len(matrix) - 1) for each, matrix in zip(squared_errors, systems, strict=True)
    )
    values = math.sqrt(squared_error) * t_quantiles((np.arange(count) + 0.5) / count, freedom)
    return np.random.default_rng(SEED + 1).permutation(values)


def t_quantiles(probabilities: NDArray[np.float64], freedom: float) -> NDArray[np.float64]:
    """Return quantiles of Student's t.

    With t = sqrt(freedom) * tan(angle), the angle has a density in proportion to cos(angle) ** (freedom - 1).
    """
    angles, below = _angles(freedom)
    return np.asarray(math.sqrt(freedom) * np.tan(np.interp(probabilities, below, angles)))


@lru_cache(maxsize=32)
def _angles(freedom: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return angles in rising order, and the probability of a smaller one."""
    angles = np.linspace(-math.pi / 2, math.pi / 2, ANGLES + 1)
    density = np.cos((angles[1:] + angles[:-1]) / 2) ** (freedom - 1.0)
    return angles, np.concatenate([[0.0], np.cumsum(density)]) / density.sum()
