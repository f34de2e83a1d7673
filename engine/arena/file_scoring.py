"""Chooses the run on whose conversations a file of summaries is scored, and asks for the job that does it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.arena.entry_status import EntryStatus
from engine.arena.results import RESAMPLES, SCORE
from engine.errors import ArenaError
from engine.runs import example_scores


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
