"""Puts the scored seeds of a method together: one row with the mean, the spread, and intervals over seeds.

Only seeds with the same protocol and the same conversations are put together. Others have a row of their own, and seeds
without a score are named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from engine.adapters.metadata import Scores
from engine.arena.entry_status import EntryStatus
from engine.arena.rows import OTHER_TEXT, Row, SeedSet, remark_of
from engine.arena.seed_figures import spreads, with_figures
from engine.runs.example_scores import ExampleScores

ScoresOf = Callable[[EntryStatus], ExampleScores | None]
ONE_SEED = "One seed is scored, so the interval is over conversations alone."
OTHER_CONVERSATIONS = "It was scored on other conversations than the other seeds."
NO_SCORES = "Its scores of single conversations are missing, so it is apart from the other seeds."


def put_together(rows: Iterable[Row], statuses: Iterable[EntryStatus], scores_of: ScoresOf) -> list[Row]:
    """Return rows of one protocol with each set of seeds as one row; `statuses` are all entries of the arena."""
    sets = _sets(statuses)
    found: list[Row] = []
    by_set: dict[str, list[Row]] = {}
    for row in rows:
        name = row.entry.name_of_set
        if row.entry.seed is not None and len(sets[name]) > 1:
            by_set.setdefault(name, []).append(row)
        else:
            found.append(row)
    for name, of_set in by_set.items():
        found += _rows_of_set(sorted(of_set, key=lambda row: _seed(row.status)), sets[name], scores_of)
    return found


def _sets(statuses: Iterable[EntryStatus]) -> dict[str, list[EntryStatus]]:
    """Return the entries of each set by its name, by seed."""
    sets: dict[str, list[EntryStatus]] = {}
    for each in statuses:
        if each.entry.seed is not None:
            sets.setdefault(each.entry.name_of_set, []).append(each)
    return {name: sorted(found, key=_seed) for name, found in sets.items()}


def _seed(status: EntryStatus) -> int:
    return status.entry.seed or 0


def _rows_of_set(rows: Sequence[Row], entries: Sequence[EntryStatus], scores_of: ScoresOf) -> list[Row]:
    """Return a row of the seeds with the same conversations, of most of them, and one for each other seed."""
    alike: dict[object, list[Row]] = {}
    for row in rows:
        scores = scores_of(row.status)
        alike.setdefault(row.id if scores is None else scores.examples, []).append(row)
    together, *others = sorted(alike.values(), key=lambda each: -len(each))
    apart = [
        replace(row, remark=_joined(row.remark, OTHER_CONVERSATIONS if scores_of(row.status) else NO_SCORES))
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
    means = _means([each.scores | each.metrics for each in rows])
    remarks = (
        remark_of(row.protocol, row.against_base),
        OTHER_TEXT if any(OTHER_TEXT in each.remark for each in rows) else "",
        ONE_SEED if len(rows) == 1 else "",
        *_remarks(rest, {each.id for each in apart}),
    )
    return replace(row, seeds=SeedSet(scored, rest, means, spreads(means)), remark=_joined(*remarks))


def _means(seeds: Sequence[Scores]) -> dict[str, tuple[float, ...]]:
    """Return the mean of each seed by metric, of the metrics that all have."""
    return {
        name: tuple(each[name]["mean"] for each in seeds)
        for name in seeds[0]
        if all(name in each for each in seeds)
    }


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
        f"Not scored yet: seed {_seeds(waiting)}." if waiting else "",
        f"Failed: seed {_seeds(failed)}." if failed else "",
        f"Can't run: seed {_seeds(refused)}." if refused else "",
        f"In a row of its own: seed {_seeds(own)}." if own else "",
        f"Scored by another protocol: seed {_seeds(elsewhere)}." if elsewhere else "",
    )
    return [each for each in remarks if each]


def _seeds(statuses: Sequence[EntryStatus]) -> str:
    return ", ".join(str(_seed(each)) for each in statuses)


def _joined(*remarks: str) -> str:
    return " ".join(filter(None, remarks))
