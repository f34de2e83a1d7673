"""The results of an arena's runs, in groups of rows with the same protocol, which may be compared.

Each run compares its adapter with the base model; here entries are compared with full fine-tuning, by conversation, and
the run is chosen on whose conversations another system's summaries are scored.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.adapters.metadata import protocol_key
from engine.arena import seed_sets
from engine.arena.entry_status import EntryStatus
from engine.arena.rows import OTHER_TEXT, SCORE, Group, Row, Spread, remark_of
from engine.arena.seed_sets import RESAMPLES
from engine.config import general_text
from engine.config.recipe_diff import differences
from engine.errors import ArenaError, disk_errors
from engine.messages import joined, say
from engine.runs import example_scores
from engine.runs.example_scores import ExampleScores
from engine.scoring.metrics import GENERAL_LOSS
from engine.system.files import write_atomically
from engine.system.validators import Verdict
from engine.voting import external_id, of_runs

ONE_SEED_OF_FULL = "Full fine-tuning has only one seed, so its spread is missing."


def groups(statuses: Sequence[EntryStatus]) -> list[Group]:
    """Return the scored entries by protocol, the protocol of most entries first; seeds of a set are one row."""
    files = _ScoreFiles()
    by_key: dict[str, list[Row]] = {}
    for status in statuses:
        if (row := _row(status)) is not None:
            by_key.setdefault(protocol_key(row.protocol), []).append(row)
    ordered = sorted(by_key.items(), key=lambda item: -len(item[1]))
    together = {key: seed_sets.put_together(_on_one_text(rows), statuses, files.of) for key, rows in ordered}
    comparison = of_runs(
        [system_id(each) for rows in together.values() for row in rows for each in row.statuses]
    )
    by_run = comparison.by_run if comparison is not None else {}

    def with_votes(row: Row) -> Row:
        known = [by_run[each] for each in map(system_id, row.statuses) if each in by_run]
        return replace(row, preferred=known[0]) if known else row

    first = ordered[0][1][0].protocol if ordered else {}
    return [_group(key, list(map(with_votes, rows)), first, files) for key, rows in together.items()]


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


def system_id(status: EntryStatus) -> str:
    """Return the id of an entry in blind comparisons: that of its run, or of another system's summaries."""
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
    return seed_sets.differences(second, first, seed_sets.resamples_of(ranked[0].status)).get(SCORE)


def _on_one_text(rows: list[Row]) -> list[Row]:
    """Drop the loss on general text from rows that were measured on another text than most."""
    texts = [row.protocol.get(general_text.KEY) for row in rows]
    digests = [str(text.get("digest") or "") if isinstance(text, dict) else "" for text in texts]
    usual = max(filter(None, digests), key=digests.count, default="")
    return [
        row if digest in ("", usual) else _without_general_loss(row)
        for row, digest in zip(rows, digests, strict=True)
    ]


def _without_general_loss(row: Row) -> Row:
    def rest(values: Spread) -> Spread:
        return {name: value for name, value in values.items() if name != GENERAL_LOSS}

    return replace(
        row,
        metrics=rest(row.metrics),
        base_metrics=rest(row.base_metrics),
        metrics_against_base=rest(row.metrics_against_base),
        remark=joined(" ", (row.remark, OTHER_TEXT)),
    )


def _row(status: EntryStatus) -> Row | None:
    run = status.run
    if status.external is not None:
        card = status.external.card
        count = int(card.protocol.get("examples") or 0)
        some = (
            say("On {:,} of {:,} conversations.", count, card.conversations)
            if count < card.conversations
            else ""
        )
        own = remark_of(card.protocol, card.difference)
        return Row(
            status=status,
            protocol=card.protocol,
            scores=card.scores,
            base=card.base.scores,
            against_base=card.difference,
            remark=joined(" ", (say("From {}; its prompt is unknown.", card.file), some, own)),
            metrics=card.measures,
            base_metrics=card.base.measures,
            metrics_against_base=card.measure_difference,
        )
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


def _with_full(rows: list[Row], files: _ScoreFiles) -> list[Row]:
    """Compare every row with the first full fine-tuning of its group."""
    full = next((row for row in rows if row.is_baseline), None)
    if full is None:
        return [replace(row, full_missing="Full fine-tuning is not scored.") for row in rows]
    return [row if row.is_baseline else _paired(row, full, files) for row in rows]


def _paired(row: Row, full: Row, files: _ScoreFiles) -> Row:
    own, baseline = files.of_row(row), files.of_row(full)
    if not own or not baseline:
        return replace(row, full_missing="Scores per conversation are missing.")
    if own[0].examples != baseline[0].examples:
        return replace(row, full_missing="Full fine-tuning was scored on other conversations.")
    remarks = (row.remark, ONE_SEED_OF_FULL if len(own) > 1 == len(baseline) else "")
    return replace(
        row,
        against_full=seed_sets.differences(baseline, own, seed_sets.resamples_of(row.status)),
        remark=joined(" ", remarks),
    )


def verdict_of(differences: Spread) -> Verdict:
    """Return the verdict of the score by which the arena ranks."""
    verdict: Verdict = differences[SCORE]["verdict"]
    return verdict


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the indices of the Pareto-optimal points (cost, score), by rising cost; of equal points the first."""
    indices: list[int] = []
    best = -math.inf
    for index in sorted(range(len(points)), key=lambda at: (points[at][0], -points[at][1], at)):
        if points[index][1] > best:
            best = points[index][1]
            indices.append(index)
    return indices


def job_arguments(statuses: Iterable[EntryStatus], file: Path, column: str = "") -> dict[str, Any]:
    """Return the arguments of the job `score` for a file. Raises ArenaError if no run is scored yet."""
    status = _reference(statuses)
    if status is None or status.run is None:
        raise ArenaError(
            "No entry is scored yet.", "Start the queue first: a file needs a scored entry.", "arena"
        )
    draws = status.recipe.evaluation.bootstrap if status.recipe else RESAMPLES
    return {
        "run_folder": str(status.run.job.folder),
        "predictions": str(file),
        "column": column,
        "split": str(status.run.scored["protocol"].get("split", "test")) if status.run.scored else "test",
        "bootstrap": draws,
    }


def save_conversations(statuses: Iterable[EntryStatus], path: Path) -> int:
    """Write the scored conversations as JSON lines, for another system to fill in; return how many there are.

    Raises ArenaError if no run has stored any, StorageError if the file can't be written.
    """
    status = _reference(statuses)
    scores = (
        example_scores.load(status.run.job.folder) if status is not None and status.run is not None else None
    )
    if scores is None or not scores.texts:
        raise ArenaError(
            "The arena's scored conversations can't be read.",
            "Run an entry again to store its scores with conversations.",
        )
    rows = [
        {"id": name, "conversation": texts.conversation, "prediction": ""}
        for name, texts in zip(scores.examples, scores.texts, strict=True)
    ]
    lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    # Lone surrogates, as a conversation may have, become JSON escapes.
    lines = lines.encode("utf-8", "backslashreplace").decode("utf-8")
    with disk_errors("{} can't be written: {}.", path, hint="Choose another folder."):
        write_atomically(path, lines)
    return len(rows)


def _reference(statuses: Iterable[EntryStatus]) -> EntryStatus | None:
    """Return the scored run with the best base model, of the protocol that most runs have."""
    scored = [each for each in statuses if _base_mean(each) is not None]
    if not scored:
        return None
    protocols = [each.run.scored["protocol"] for each in scored if each.run and each.run.scored]
    common = max(protocols, key=protocols.count)
    alike = [each for each, protocol in zip(scored, protocols, strict=True) if protocol == common]
    return max(alike, key=lambda each: _base_mean(each) or 0.0)


def _base_mean(status: EntryStatus) -> float | None:
    run = status.run
    if (
        run is None
        or run.base_scored is None
        or run.scored is None
        or not example_scores.exists(run.job.folder)
    ):
        return None
    return float(run.base_scored["scores"][SCORE]["mean"])
