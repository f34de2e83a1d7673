"""The results of an arena's runs, in groups of rows with the same protocol, which may be compared.

Each run compares its adapter with the base model. Entries are compared with full fine-tuning here, by conversation.
Knows nothing of how a table looks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from engine.adapters.metadata import Scores, protocol_key
from engine.arena.entry_status import EntryStatus
from engine.arena.external_summaries import Card
from engine.config import general_text
from engine.config.recipe_diff import differences
from engine.runs import example_scores
from engine.runs.example_scores import ExampleScores
from engine.scoring.metrics import GENERAL_LOSS
from engine.voting import Preferred, external_id, of_runs

SCORE = "rouge1"
BASELINE = "full"
RESAMPLES = 1000
ONE_EXAMPLE = "One conversation, so no interval."
OTHER_TEXT = "Its loss on general text was measured on another text."
ALL_TIES = "Every conversation scores the same as with the base."

Cost = Literal["parameters", "memory", "minutes"]
COSTS: tuple[Cost, ...] = ("parameters", "memory", "minutes")
Spread = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A scored entry. Scores are fractions; `against_base` and `against_full` are paired differences.

    `against_full` is None for full fine-tuning itself, and where there is none to compare with: `full_missing` is the
    reason. `remark` is set for a single conversation, for ties and for summaries from a file only. `metrics`,
    `base_metrics` and `metrics_against_base` are the other metrics of `engine.scoring.metrics`, empty if none were
    measured.
    `preferred` is how its adapter did in blind votes, None without any.
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
    preferred: Preferred | None = None

    @property
    def forgetting(self) -> Spread | None:
        """The paired difference of the loss on general text, in nats per token; None if it was not measured."""
        found: Spread | None = self.metrics_against_base.get(GENERAL_LOSS)
        return found

    @property
    def id(self) -> str:
        """The entry's id."""
        return self.status.entry.id

    @property
    def name(self) -> str:
        """The entry's name."""
        return self.status.entry.name

    @property
    def is_baseline(self) -> bool:
        """Tell whether it is full fine-tuning."""
        return _method_of(self.status) == BASELINE

    @property
    def mean(self) -> float:
        """The mean of the score by which the arena ranks."""
        return self.scores[SCORE]["mean"]

    def cost(self, kind: Cost) -> float | None:
        """Return a cost, None if unknown: trainable parameters, peak memory in bytes, minutes of training."""
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
    """Rows with one protocol, the best first; `unlike` are the keys that differ from the arena's first group.

    `lead` is the paired difference in ROUGE-1 of the first row from the second, None if it is unknown.
    """

    key: str
    protocol: dict[str, Any]
    rows: tuple[Row, ...]
    unlike: tuple[str, ...] = ()
    lead: Spread | None = None


def groups(statuses: Iterable[EntryStatus]) -> list[Group]:
    """Return the scored entries by protocol, the protocol of most entries first."""
    by_key: dict[str, list[Row]] = {}
    rows = [row for status in statuses if (row := _row(status)) is not None]
    for row in _with_votes(rows):
        by_key.setdefault(protocol_key(row.protocol), []).append(row)
    ordered = sorted(by_key.items(), key=lambda item: -len(item[1]))
    return [_group(key, rows, ordered[0][1][0].protocol) for key, rows in ordered]


def _with_votes(rows: list[Row]) -> list[Row]:
    """Add the result of the blind comparison with most of the entries."""
    found = of_runs([system_id(row.status) for row in rows])
    by_run = found.by_run if found is not None else {}
    return [replace(row, preferred=by_run.get(system_id(row.status))) for row in rows]


def system_id(status: EntryStatus) -> str:
    """Return what blind comparisons call an entry: the id of its run, or that of another system's summaries."""
    return external_id(status.external.folder) if status.external is not None else status.entry.run


def _group(key: str, rows: list[Row], first: dict[str, Any]) -> Group:
    protocol = rows[0].protocol
    unlike = tuple(
        each.key for each in differences((first, protocol)) if not each.key.startswith(general_text.KEY)
    )
    ranked = sorted(_with_full(_on_one_text(rows)), key=lambda row: -row.mean)
    return Group(key, protocol, tuple(ranked), unlike, _lead(ranked))


def _lead(ranked: Sequence[Row]) -> Spread | None:
    if len(ranked) < 2:
        return None
    first, second = _example_scores(ranked[0]), _example_scores(ranked[1])
    if first is None or second is None or first.examples != second.examples:
        return None
    return _differences(ranked[0], first, second).get(SCORE)


def _on_one_text(rows: list[Row]) -> list[Row]:
    """Leave out the loss on general text of rows that were measured on another text than most."""
    digests = [_text_digest(row) for row in rows]
    usual = max(filter(None, digests), key=digests.count, default="")
    return [
        row if digest in ("", usual) else _without_general_loss(row)
        for row, digest in zip(rows, digests, strict=True)
    ]


def _text_digest(row: Row) -> str:
    said = row.protocol.get(general_text.KEY)
    return str(said.get("digest") or "") if isinstance(said, dict) else ""


def _without_general_loss(row: Row) -> Row:
    def rest(values: Spread) -> Spread:
        return {name: value for name, value in values.items() if name != GENERAL_LOSS}

    return replace(
        row,
        metrics=rest(row.metrics),
        base_metrics=rest(row.base_metrics),
        metrics_against_base=rest(row.metrics_against_base),
        remark=" ".join(filter(None, (row.remark, OTHER_TEXT))),
    )


def _row(status: EntryStatus) -> Row | None:
    run = status.run
    if status.external is not None:
        return _external_row(status, status.external.card)
    if run is None or run.base_scored is None or run.scored is None:
        return None
    against_base = run.scored["difference"]
    return Row(
        status=status,
        protocol=run.scored["protocol"],
        scores=run.scored["scores"],
        base=run.base_scored["scores"],
        against_base=against_base,
        remark=_remark(run.scored["protocol"], against_base),
        metrics=run.scored.get("measures") or {},
        base_metrics=run.base_scored.get("measures") or {},
        metrics_against_base=run.scored.get("measure_difference") or {},
    )


def _external_row(status: EntryStatus, card: Card) -> Row:
    """Return the row of another system's summaries."""
    count = int(card.protocol.get("examples") or 0)
    some = f"On {count:,} of {card.conversations:,} conversations." if count < card.conversations else ""
    remarks = (f"From {card.file}: its prompt is not known.", some, _remark(card.protocol, card.difference))
    return Row(
        status=status,
        protocol=card.protocol,
        scores=card.scores,
        base=card.base.scores,
        against_base=card.difference,
        remark=" ".join(filter(None, remarks)),
        metrics=card.measures,
        base_metrics=card.base.measures,
        metrics_against_base=card.measure_difference,
    )


def _remark(protocol: dict[str, Any], against_base: Spread) -> str:
    """Return what the scores of a row can't tell."""
    if int(protocol.get("examples") or 0) == 1:
        return ONE_EXAMPLE
    return ALL_TIES if _ties(against_base[SCORE]) else ""


def _ties(difference: Spread) -> bool:
    return all(difference.get(name) == 0.0 for name in ("mean", "low", "high"))


def _with_full(rows: list[Row]) -> list[Row]:
    """Compare every row with the first full fine-tuning of its group."""
    full = next((row for row in rows if row.is_baseline), None)
    if full is None:
        return [
            replace(row, full_missing="Full fine-tuning is not among the scored entries.") for row in rows
        ]
    baseline = _example_scores(full)
    return [row if row.is_baseline else _paired(row, baseline) for row in rows]


def _paired(row: Row, baseline: ExampleScores | None) -> Row:
    own = _example_scores(row)
    if baseline is None or own is None:
        return replace(row, full_missing="The scores of single conversations are missing.")
    if own.examples != baseline.examples:
        return replace(row, full_missing="Full fine-tuning was scored on other conversations.")
    return replace(row, against_full=_differences(row, own, baseline))


def _differences(row: Row, own: ExampleScores, other: ExampleScores) -> Spread:
    """Return the paired difference of a row's scores from another's, by score."""
    # Imports numpy, which a window needs only once an arena has results.
    from engine.scoring import bootstrap

    draws = row.status.recipe.evaluation.bootstrap if row.status.recipe else RESAMPLES
    return {
        name: bootstrap.difference_dict(bootstrap.difference(values, own.tuned.rouge[name], draws))
        for name, values in other.tuned.rouge.items()
        if name in own.tuned.rouge
    }


def _example_scores(row: Row) -> ExampleScores | None:
    run, external = row.status.run, row.status.external
    if external is not None:
        return example_scores.load(external.folder)
    return example_scores.load(run.job.folder) if run is not None else None


def _method_of(status: EntryStatus) -> str:
    return status.recipe.method.id if status.recipe is not None else ""


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the indices of the Pareto-optimal points (cost, score), by rising cost; of equal points the first."""
    indices: list[int] = []
    best = -math.inf
    for index in sorted(range(len(points)), key=lambda at: (points[at][0], -points[at][1], at)):
        if points[index][1] > best:
            best = points[index][1]
            indices.append(index)
    return indices
