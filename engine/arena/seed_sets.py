"""Combines the scored seeds of a method into one row: means, spread, and intervals over seeds and conversations.

Only seeds with the same protocol and conversations are combined; others have rows of their own, and seeds without a
score are named. Metrics without values by conversation, as the loss on general text, are combined from the intervals of
the seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.adapters.metadata import Scores
from engine.arena.entry_status import EntryStatus
from engine.arena.rows import OTHER_TEXT, Row, SeedSet, Spread, remark_of
from engine.messages import joined, say
from engine.runs.example_scores import ExampleScores
from engine.scoring.metrics import METRICS, MIN_EXAMPLES, Good, Unit

ScoresOf = Callable[[EntryStatus], ExampleScores | None]
ONE_SEED = "One seed: the interval covers conversations alone."
OTHER_CONVERSATIONS = "Scored on other conversations than the other seeds."
NO_SCORES = "Listed separately: no scores per conversation."
if TYPE_CHECKING:
    from engine.scoring.bootstrap import Interval

RESAMPLES = 1000
ANY = (float("-inf"), float("inf"))
# The range of a metric.
BOUNDS: Mapping[Unit, tuple[float, float]] = {
    "points": (0.0, 1.0),
    "fraction": (0.0, 1.0),
    "words": (0.0, float("inf")),
    "nats": (0.0, float("inf")),
}
# The values of a metric by conversation, None where unknown.
Values = Sequence[float | None]


def put_together(rows: Iterable[Row], statuses: Iterable[EntryStatus], scores_of: ScoresOf) -> list[Row]:
    """Return rows of one protocol with each set of seeds as one row; `statuses` are all entries of the arena."""
    sets: dict[str, list[EntryStatus]] = {}
    for status in statuses:
        if status.entry.seed is not None:
            sets.setdefault(status.entry.name_of_set, []).append(status)
    found: list[Row] = []
    by_set: dict[str, list[Row]] = {}
    for row in rows:
        name = row.entry.name_of_set
        if row.entry.seed is not None and len(sets[name]) > 1:
            by_set.setdefault(name, []).append(row)
        else:
            found.append(row)
    for name, of_set in by_set.items():
        by_seed = sorted(of_set, key=lambda row: _seed(row.status))
        found += _rows_of_set(by_seed, sorted(sets[name], key=_seed), scores_of)
    return found


def _seed(status: EntryStatus) -> int:
    return status.entry.seed or 0


def _rows_of_set(rows: Sequence[Row], entries: Sequence[EntryStatus], scores_of: ScoresOf) -> list[Row]:
    """Return a row of most seeds, those with the same conversations, and one for each other seed."""
    alike: dict[object, list[Row]] = {}
    for row in rows:
        scores = scores_of(row.status)
        alike.setdefault(row.id if scores is None else scores.examples, []).append(row)
    together, *others = sorted(alike.values(), key=lambda each: -len(each))
    apart = [
        replace(
            row,
            remark=joined(" ", (row.remark, OTHER_CONVERSATIONS if scores_of(row.status) else NO_SCORES)),
        )
        for each in others
        for row in each
    ]
    return [_merged(together, entries, apart, scores_of), *apart]


def _merged(
    rows: Sequence[Row], entries: Sequence[EntryStatus], apart: Sequence[Row], scores_of: ScoresOf
) -> Row:
    scored = tuple(row.status for row in rows)
    taken = {each.entry.id for each in scored}
    rest = tuple(each for each in entries if each.entry.id not in taken)
    scores = [found for each in scored if (found := scores_of(each)) is not None]
    row = with_figures(rows, scores) if len(rows) > 1 else rows[0]
    figures = [each.scores | each.metrics for each in rows]
    means = {name: tuple(each[name]["mean"] for each in figures) for name in _common_names(figures)}
    remarks = (
        remark_of(row.protocol, row.against_base),
        OTHER_TEXT if any(OTHER_TEXT in each.remark for each in rows) else "",
        ONE_SEED if len(rows) == 1 else "",
        *_remarks(rest, {each.id for each in apart}),
    )
    return replace(row, seeds=SeedSet(scored, rest, means, spreads(means)), remark=joined(" ", remarks))


def _remarks(rest: Sequence[EntryStatus], apart: set[str]) -> list[str]:
    """Return which seeds are not in the row, and why."""
    scored = [each for each in rest if each.run is not None and each.run.scored is not None]
    unscored = [each for each in rest if each.run is None or each.run.scored is None]
    failed = [each for each in unscored if each.state == "failed"]
    refused = [each for each in unscored if each.state == "refused"]
    waiting = [each for each in unscored if each.state not in ("failed", "refused")]
    own = [each for each in scored if each.entry.id in apart]
    elsewhere = [each for each in scored if each.entry.id not in apart]
    remarks = (
        say("Not scored yet: seed {}.", _seeds(waiting)) if waiting else "",
        say("Failed: seed {}.", _seeds(failed)) if failed else "",
        say("Can't run: seed {}.", _seeds(refused)) if refused else "",
        say("In a separate row: seed {}.", _seeds(own)) if own else "",
        say("Scored by a different protocol: seed {}.", _seeds(elsewhere)) if elsewhere else "",
    )
    return [each for each in remarks if each]


def _seeds(statuses: Sequence[EntryStatus]) -> str:
    return ", ".join(str(_seed(each)) for each in statuses)


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
    """Return the row of the first seed with the combined figures of all seeds, for the metrics that all have."""
    seeds = _Seeds(scores, resamples_of(rows[0].status))
    return replace(
        rows[0],
        scores=seeds.means([row.scores for row in rows]),
        against_base=seeds.differences([row.against_base for row in rows]),
        metrics=seeds.means([row.metrics for row in rows]),
        metrics_against_base=seeds.differences([row.metrics_against_base for row in rows]),
    )


class _Seeds:
    """The values of each seed and its base model, from which figures are computed by metric."""

    def __init__(self, scores: Sequence[ExampleScores], resamples: int) -> None:
        self._base: list[Mapping[str, Values]] = [each.base.values for each in scores]
        self._tuned: list[Mapping[str, Values]] = [each.tuned.values for each in scores]
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


def _known(seeds: Sequence[Values]) -> list[list[float]]:
    """Return the values on conversations where all are known."""
    if len({len(each) for each in seeds}) > 1:
        return []
    columns = [column for column in zip(*seeds, strict=True) if None not in column]
    return [list(row) for row in zip(*columns, strict=True)]


def _gains(values: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the differences of each seed from its base model; the first half of `values` are the bases."""
    half = len(values) // 2
    return [
        [new - old for old, new in zip(before, after, strict=True)]
        for before, after in zip(values[:half], values[half:], strict=True)
    ]


def _as_interval(figure: Mapping[str, Any]) -> Interval:
    """Return a figure as an interval, marked as based on too few examples if its verdict says so."""
    from engine.scoring.bootstrap import Interval

    examples = 1 if figure.get("verdict") == "too few to tell" else MIN_EXAMPLES
    return Interval(figure["mean"], figure.get("low"), figure.get("high"), examples)


def differences(before: Sequence[ExampleScores], after: Sequence[ExampleScores], resamples: int) -> Spread:
    """Return the paired ROUGE differences of two systems, each with the scores of one or several seeds."""
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
