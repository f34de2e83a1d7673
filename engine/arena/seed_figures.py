"""The figures of several seeds as those of one row: means and differences with intervals over seeds and conversations.

A metric without values by conversation, as the loss on general text, is put together from the intervals of the seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.adapters.metadata import Scores
from engine.arena.entry_status import EntryStatus
from engine.arena.rows import Row, Spread
from engine.runs.example_scores import ExampleScores, Written
from engine.scoring.metrics import METRICS, MIN_EXAMPLES, Good, Unit

if TYPE_CHECKING:
    from engine.scoring.bootstrap import Interval

RESAMPLES = 1000
ANY = (float("-inf"), float("inf"))
# The least and the most of a metric.
BOUNDS: Mapping[Unit, tuple[float, float]] = {
    "points": (0.0, 1.0),
    "fraction": (0.0, 1.0),
    "words": (0.0, float("inf")),
    "nats": (0.0, float("inf")),
}
# The values of a metric on each conversation, None where it can't be told.
Values = Sequence[float | None]


def resamples_of(status: EntryStatus) -> int:
    """Return the number of resamples of an entry's recipe."""
    return status.recipe.evaluation.bootstrap if status.recipe else RESAMPLES


def spreads(means: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the standard deviation of the seeds' means by metric, nothing for one seed."""
    # Imports numpy, which a window needs only once an arena has results.
    from engine.scoring import seed_intervals

    found = {name: seed_intervals.spread(values) for name, values in means.items()}
    return {name: value for name, value in found.items() if value is not None}


def with_figures(rows: Sequence[Row], scores: Sequence[ExampleScores]) -> Row:
    """Return the row of the first seed with the figures of all seeds, of the metrics that all have."""
    seeds = _Seeds(scores, resamples_of(rows[0].status))
    return replace(
        rows[0],
        scores=seeds.means([row.scores for row in rows]),
        against_base=seeds.differences([row.against_base for row in rows]),
        metrics=seeds.means([row.metrics for row in rows]),
        metrics_against_base=seeds.differences([row.metrics_against_base for row in rows]),
    )


class _Seeds:
    """The values of each seed, of its base model and itself, from which figures are computed by metric."""

    def __init__(self, scores: Sequence[ExampleScores], resamples: int) -> None:
        self._base = [_values(each.base) for each in scores]
        self._tuned = [_values(each.tuned) for each in scores]
        self._resamples = resamples

    def means(self, figures: Sequence[Scores]) -> Scores:
        """Return the means over seeds; `figures` are those of each seed."""
        from engine.scoring import seed_intervals

        found = {}
        for name in _common_names(figures):
            values = _known([each.get(name, ()) for each in self._tuned])
            bounds = BOUNDS[METRICS[name].unit] if name in METRICS else ANY
            interval = (
                seed_intervals.interval(values, self._resamples)
                if values
                else seed_intervals.combined([_as_interval(each[name]) for each in figures])
            )
            found[name] = seed_intervals.within(interval, bounds).as_dict()
        return found

    def differences(self, figures: Sequence[Spread]) -> Spread:
        """Return the paired differences from the base model; `figures` are those of each seed."""
        from engine.scoring import bootstrap, seed_intervals

        found = {}
        for name in _common_names(figures):
            values = _known([each.get(name, ()) for each in (*self._base, *self._tuned)])
            interval = (
                seed_intervals.interval(_gains(values), self._resamples)
                if values
                else seed_intervals.combined([_as_interval(each[name]) for each in figures])
            )
            good: Good = METRICS[name].good if name in METRICS else "higher"
            found[name] = bootstrap.difference_dict(interval, good)
        return found


def _common_names(figures: Sequence[Mapping[str, Any]]) -> list[str]:
    return [name for name in figures[0] if all(name in each for each in figures)]


def _values(written: Written) -> Mapping[str, Values]:
    return {**written.rouge, **written.metrics}


def _known(seeds: Sequence[Values]) -> list[list[float]]:
    """Return the values of the conversations on which all are known; nothing if there is none."""
    if len({len(each) for each in seeds}) > 1:
        return []
    columns = [column for column in zip(*seeds, strict=True) if None not in column]
    return [list(row) for row in zip(*columns, strict=True)]


def _gains(values: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the differences of each seed from its base model; the first half of `values` is that of the bases."""
    half = len(values) // 2
    return [
        [new - old for old, new in zip(before, after, strict=True)]
        for before, after in zip(values[:half], values[half:], strict=True)
    ]


def _as_interval(figure: Mapping[str, Any]) -> Interval:
    """Return a figure as an interval; it is on too few examples for a verdict if it says so."""
    from engine.scoring.bootstrap import Interval

    examples = 1 if figure.get("verdict") == "too few to tell" else MIN_EXAMPLES
    return Interval(figure["mean"], figure.get("low"), figure.get("high"), examples)


def differences(before: Sequence[ExampleScores], after: Sequence[ExampleScores], resamples: int) -> Spread:
    """Return the paired difference of ROUGE of two systems, by score: each has the scores of one or several seeds."""
    from engine.scoring import bootstrap, seed_intervals

    def values(system: Sequence[ExampleScores], name: str) -> list[tuple[float, ...]]:
        return [each.tuned.rouge[name] for each in system]

    names = _common_names([each.tuned.rouge for each in (*before, *after)])
    return {
        name: bootstrap.difference_dict(
            seed_intervals.difference(values(before, name), values(after, name), resamples)
        )
        for name in names
    }
