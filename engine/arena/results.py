"""The results of an arena's runs, in groups of rows with the same protocol, which may be compared.

Each run compares its adapter with the base model. Entries are compared with full fine-tuning here, by conversation.
Knows nothing of how a table looks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from engine.adapters.metadata import protocol_key
from engine.arena import seed_figures, seed_sets
from engine.arena.entry_status import EntryStatus
from engine.arena.external_summaries import Card
from engine.arena.rows import OTHER_TEXT, SCORE, Group, Row, Spread, remark_of
from engine.config import general_text
from engine.config.recipe_diff import differences
from engine.runs import example_scores
from engine.runs.example_scores import ExampleScores
from engine.scoring.metrics import GENERAL_LOSS
from engine.voting import external_id, of_runs

ONE_SEED_OF_FULL = "Full fine-tuning has one seed: the interval against it leaves out its spread."


def groups(statuses: Sequence[EntryStatus]) -> list[Group]:
    """Return the scored entries by protocol, the protocol of most entries first; seeds of a set are one row."""
    files = _ScoreFiles()
    by_key: dict[str, list[Row]] = {}
    for status in statuses:
        if (row := _row(status)) is not None:
            by_key.setdefault(protocol_key(row.protocol), []).append(row)
    ordered = sorted(by_key.items(), key=lambda item: -len(item[1]))
    together = {key: seed_sets.put_together(_on_one_text(rows), statuses, files.of) for key, rows in ordered}
    votes = _votes([row for rows in together.values() for row in rows])
    first = ordered[0][1][0].protocol if ordered else {}
    return [_group(key, [votes(row) for row in rows], first, files) for key, rows in together.items()]


class _ScoreFiles:
    """Scores by conversation, each file read once."""

    def __init__(self) -> None:
        self._scores: dict[str, ExampleScores | None] = {}

    def of(self, status: EntryStatus) -> ExampleScores | None:
        """Return the scores of an entry, None if they can't be read."""
        if status.entry.id not in self._scores:
            run, external = status.run, status.external
            folder = external.folder if external is not None else run.job.folder if run is not None else None
            self._scores[status.entry.id] = example_scores.load(folder) if folder is not None else None
        return self._scores[status.entry.id]

    def of_row(self, row: Row) -> list[ExampleScores]:
        """Return the scores of each seed of a row, nothing if one can't be read."""
        found = [self.of(each) for each in row.statuses]
        return [each for each in found if each is not None] if None not in found else []


def _votes(rows: Sequence[Row]) -> Callable[[Row], Row]:
    """Return what adds the result of the blind comparison with most of the entries to a row."""
    found = of_runs([system_id(each) for row in rows for each in row.statuses])
    by_run = found.by_run if found is not None else {}

    def voted(row: Row) -> Row:
        known = [by_run[each] for each in map(system_id, row.statuses) if each in by_run]
        return replace(row, preferred=known[0]) if known else row

    return voted


def system_id(status: EntryStatus) -> str:
    """Return what blind comparisons call an entry: the id of its run, or that of another system's summaries."""
    return external_id(status.external.folder) if status.external is not None else status.entry.run


def _group(key: str, rows: list[Row], first: dict[str, Any], files: _ScoreFiles) -> Group:
    protocol = rows[0].protocol
    unlike = tuple(
        each.key for each in differences((first, protocol)) if not each.key.startswith(general_text.KEY)
    )
    ranked = sorted(_with_full(rows, files), key=lambda row: -row.mean)
    return Group(key, protocol, tuple(ranked), unlike, _lead(ranked, files))


def _lead(ranked: Sequence[Row], files: _ScoreFiles) -> Spread | None:
    if len(ranked) < 2:
        return None
    first, second = files.of_row(ranked[0]), files.of_row(ranked[1])
    if not first or not second or first[0].examples != second[0].examples:
        return None
    return seed_figures.differences(second, first, seed_figures.resamples_of(ranked[0].status)).get(SCORE)


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
        remark=remark_of(run.scored["protocol"], against_base),
        metrics=run.scored.get("measures") or {},
        base_metrics=run.base_scored.get("measures") or {},
        metrics_against_base=run.scored.get("measure_difference") or {},
    )


def _external_row(status: EntryStatus, card: Card) -> Row:
    """Return the row of another system's summaries."""
    count = int(card.protocol.get("examples") or 0)
    some = f"On {count:,} of {card.conversations:,} conversations." if count < card.conversations else ""
    remarks = (f"From {card.file}: its prompt is not known.", some, remark_of(card.protocol, card.difference))
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


def _with_full(rows: list[Row], files: _ScoreFiles) -> list[Row]:
    """Compare every row with the first full fine-tuning of its group."""
    full = next((row for row in rows if row.is_baseline), None)
    if full is None:
        return [
            replace(row, full_missing="Full fine-tuning is not among the scored entries.") for row in rows
        ]
    return [row if row.is_baseline else _paired(row, full, files) for row in rows]


def _paired(row: Row, full: Row, files: _ScoreFiles) -> Row:
    own, baseline = files.of_row(row), files.of_row(full)
    if not own or not baseline:
        return replace(row, full_missing="The scores of single conversations are missing.")
    if own[0].examples != baseline[0].examples:
        return replace(row, full_missing="Full fine-tuning was scored on other conversations.")
    remarks = (row.remark, ONE_SEED_OF_FULL if len(own) > 1 == len(baseline) else "")
    return replace(
        row,
        against_full=seed_figures.differences(baseline, own, seed_figures.resamples_of(row.status)),
        remark=" ".join(filter(None, remarks)),
    )


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the indices of the Pareto-optimal points (cost, score), by rising cost; of equal points the first."""
    indices: list[int] = []
    best = -math.inf
    for index in sorted(range(len(points)), key=lambda at: (points[at][0], -points[at][1], at)):
        if points[index][1] > best:
            best = points[index][1]
            indices.append(index)
    return indices
