"""Estimates the time of a run from the last similar run on this computer. Knows no widget."""

from __future__ import annotations

from engine.api import AppError, Recipe, recipe, run_store, run_summaries

MAX_RUNS = 20


def expected_seconds(wanted: Recipe, steps: int) -> float | None:
    """Return the estimated seconds of a run, or None without a similar completed run."""
    for job in run_store.list_jobs()[:MAX_RUNS]:
        try:
            earlier = recipe.load(job.recipe_path)
        except AppError:
            continue
        if _kind(earlier) == _kind(wanted):
            entry = run_summaries.read_entry(job)
            if entry.outcome == "completed" and entry.step:
                # Early stopping or the time limit may have ended it before its last step.
                return entry.seconds * steps / entry.step
    return None


def _kind(one: Recipe) -> tuple[object, ...]:
    """Return what determines the time of a step."""
    training, data = one.training, one.data
    sizes = (training.batch_size, data.max_conversation_tokens, data.max_summary_tokens)
    return one.base_model, data.source, one.method.id, training.device, *sizes
