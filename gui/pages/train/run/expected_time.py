"""How long a run will take, judged by the last one like it on this computer. Knows nothing of widgets."""

from __future__ import annotations

from engine.api import AppError, Recipe, recipe, run_store, run_summaries

MAX_RUNS = 20


def expected_seconds(wanted: Recipe, steps: int) -> float | None:
    """Return the likely seconds of a run, or None if nothing like it has been completed here."""
    for job in run_store.list_jobs()[:MAX_RUNS]:
        try:
            earlier = recipe.load(job.recipe_path)
        except AppError:
            continue
        if _kind(earlier) == _kind(wanted):
            entry = run_summaries.read_entry(job)
            if entry.outcome == "completed" and entry.step:
                # Patience or few minutes may have ended it before all its steps.
                return entry.seconds * steps / entry.step
    return None


def _kind(one: Recipe) -> tuple[object, ...]:
    """What decides how long a step takes."""
    training, data = one.training, one.data
    sizes = (training.batch_size, data.max_conversation_tokens, data.max_summary_tokens)
    return one.base_model, data.source, one.method.id, training.device, *sizes
