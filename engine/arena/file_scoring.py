"""Chooses the run on whose conversations a file of summaries is scored. Knows nothing of how it is scored."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.arena.entry_status import EntryStatus
from engine.arena.rows import SCORE
from engine.arena.seed_figures import RESAMPLES
from engine.errors import ArenaError, StorageError
from engine.runs import example_scores
from engine.system.files import write_atomically


def job_arguments(statuses: Iterable[EntryStatus], file: Path, column: str = "") -> dict[str, Any]:
    """Return the arguments of the job `score` for a file. Raises ArenaError if no run is scored yet."""
    status = _reference(statuses)
    if status is None or status.run is None:
        raise ArenaError(
            "No entry is scored yet.",
            "Start the queue: a file is scored on the conversations of a scored entry.",
            "arena",
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
            "The scored conversations of the arena's runs can't be read.",
            "Run an entry again: its scores are stored with their conversations.",
        )
    rows = [
        {"id": name, "conversation": texts.conversation, "prediction": ""}
        for name, texts in zip(scores.examples, scores.texts, strict=True)
    ]
    lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    # Half a character, as a conversation may hold, is an escape of JSON.
    lines = lines.encode("utf-8", "backslashreplace").decode("utf-8")
    try:
        write_atomically(path, lines)
    except OSError as error:
        raise StorageError(f"{path} can't be written: {error.strerror}.", "Choose another folder.") from error
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
