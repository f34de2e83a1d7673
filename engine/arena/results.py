"""What an arena's runs came to: rows that may be compared, grouped so that unlike scores never share a column.

Base and entry are compared by the run itself; entry and full fine-tuning here, conversation by conversation, from what
both runs keep. Knows nothing of how a table looks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from engine.adapters.metadata import Scores, protocol_key
from engine.arena.entry_status import EntryStatus
from engine.config.recipe_diff import differences
from engine.runs import example_scores
from engine.runs.example_scores import ExampleScores

SCORE = "rouge1"
BASELINE = "full"
RESAMPLES = 1000
ONE_EXAMPLE = "One conversation, so no interval."
ALL_TIES = "Every conversation scores the same as with the base."

Cost = Literal["parameters", "memory", "minutes"]
COSTS: tuple[Cost, ...] = ("parameters", "memory", "minutes")
Spread = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One entry that is scored. Scores are fractions; `against_base` and `against_full` are paired differences.

    `against_full` is None for full fine-tuning itself and where there is none to compare with, and `full_missing`
    says why. `remark` says what the figures can't: a single conversation, nothing but ties. `metrics` and what goes
    with it are the other metrics of `engine.scoring.metrics`, empty where none were measured.
    """

    status: EntryStatus
    protocol: dict[str, Any]
    scores: Scores
    base: Scores
    against_base: Spread
    against_full: Spread | None = None
    full_missing: str = ""
    remark: str = ""
    metrics: Scores = field(default_factory=dict)
    base_metrics: Scores = field(default_factory=dict)
    metrics_against_base: Spread = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The entry's id."""
        return self.status.entry.id

    @property
    def name(self) -> str:
        """What the entry is called."""
        return self.status.entry.name

    @property
    def is_baseline(self) -> bool:
        """Tell whether it is full fine-tuning."""
        return _method_of(self.status) == BASELINE

    @property
    def mean(self) -> float:
        """The mean of the score that the arena ranks by."""
        return self.scores[SCORE]["mean"]

    def cost(self, kind: Cost) -> float | None:
        """Return what the entry took, None if unknown: numbers trained, most bytes of memory, minutes of training."""
        run = self.status.run
        if run is None:
            return None
        if kind == "parameters":
            return run.trainable_parameters
        if kind == "memory":
            return run.peak_memory_bytes
        trained = run.training_seconds is not None and bool(run.trainable_parameters)
        return run.training_seconds / 60 if trained and run.training_seconds is not None else None


@dataclass(frozen=True)
class Group:
    """Rows under one protocol, the best first; `unlike` says what sets it apart from the arena's first group."""

    key: str
    protocol: dict[str, Any]
    rows: tuple[Row, ...]
    unlike: tuple[str, ...] = ()


def groups(statuses: Iterable[EntryStatus]) -> list[Group]:
    """Return all scored entries by protocol, the protocol of most entries first."""
    by_key: dict[str, list[Row]] = {}
    for status in statuses:
        row = _row(status)
        if row is not None:
            by_key.setdefault(protocol_key(row.protocol), []).append(row)
    ordered = sorted(by_key.items(), key=lambda item: -len(item[1]))
    return [_group(key, rows, ordered[0][1][0].protocol) for key, rows in ordered]


def _group(key: str, rows: list[Row], first: dict[str, Any]) -> Group:
    protocol = rows[0].protocol
    unlike = tuple(each.key for each in differences((first, protocol)))
    ranked = sorted(_with_full(rows), key=lambda row: -row.mean)
    return Group(key, protocol, tuple(ranked), unlike)


def _row(status: EntryStatus) -> Row | None:
    run = status.run
    if run is None or run.base_scored is None or run.scored is None:
        return None
    against_base = run.scored["difference"]
    examples = int(run.scored["protocol"].get("examples") or 0)
    return Row(
        status=status,
        protocol=run.scored["protocol"],
        scores=run.scored["scores"],
        base=run.base_scored["scores"],
        against_base=against_base,
        remark=ONE_EXAMPLE if examples == 1 else ALL_TIES if _ties(against_base[SCORE]) else "",
        metrics=run.scored.get("measures") or {},
        base_metrics=run.base_scored.get("measures") or {},
        metrics_against_base=run.scored.get("measure_difference") or {},
    )


def _ties(difference: Spread) -> bool:
    return all(difference.get(name) == 0.0 for name in ("mean", "low", "high"))


def _with_full(rows: list[Row]) -> list[Row]:
    """Pair every row with full fine-tuning, the first of its group."""
    full = next((row for row in rows if row.is_baseline), None)
    if full is None:
        return [
            replace(row, full_missing="Full fine-tuning is not among the scored entries.") for row in rows
        ]
    baseline = _kept(full)
    return [row if row.is_baseline else _paired(row, baseline) for row in rows]


def _paired(row: Row, baseline: ExampleScores | None) -> Row:
    own = _kept(row)
    if baseline is None or own is None:
        return replace(row, full_missing="The scores of single conversations are missing.")
    if own.examples != baseline.examples:
        return replace(row, full_missing="Full fine-tuning was scored on other conversations.")
    # numpy, which a window need not load before an arena has results.
    from engine.scoring import bootstrap

    draws = row.status.recipe.evaluation.bootstrap if row.status.recipe else RESAMPLES
    found = {
        name: bootstrap.difference_dict(bootstrap.difference(values, own.tuned.rouge[name], draws))
        for name, values in baseline.tuned.rouge.items()
        if name in own.tuned.rouge
    }
    return replace(row, against_full=found)


def _kept(row: Row) -> ExampleScores | None:
    run = row.status.run
    return example_scores.load(run.job.folder) if run is not None else None


def _method_of(status: EntryStatus) -> str:
    return status.recipe.method.id if status.recipe is not None else ""


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the places of the points (cost, score) that nothing beats: no other scores as much for less, or more.

    In the order of rising cost; of equal points the first.
    """
    found: list[int] = []
    best = -math.inf
    for place in sorted(range(len(points)), key=lambda at: (points[at][0], -points[at][1], at)):
        if points[place][1] > best:
            best = points[place][1]
            found.append(place)
    return found
