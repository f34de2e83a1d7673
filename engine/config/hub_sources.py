"""Finds which of a recipe's sources are on the hub, and what of them can't be had offline. Opens no connection."""

from __future__ import annotations

from engine.config.recipe import SAMPLE, STARTER, Recipe, looks_like_path
from engine.errors import Problem
from engine.messages import say
from engine.system import hub_cache
from engine.system.connection import offline

MODEL_HINT = "Start without --offline and HF_HUB_OFFLINE, or choose local files."
DATA_HINT = "Start without --offline and HF_HUB_OFFLINE, or choose local files."


def offline_problems(recipe: Recipe) -> tuple[Problem, ...]:
    """Return what a run would have to download although no connection may be opened."""
    base = recipe.base_model
    return (*base_problems(base.id, base.revision), *data_problems(recipe.data.source))


def base_problems(model_id: str, revision: str = "main") -> tuple[Problem, ...]:
    """Return the problem of a base model that is only on the hub, if Tunesmith is offline."""
    if not offline() or not is_on_hub(model_id) or hub_cache.is_cached(model_id, revision, "model"):
        return ()
    return (missing("base_model.id", model_id),)


def data_problems(source: str) -> tuple[Problem, ...]:
    """Return the problem of conversations that are only on the hub, if Tunesmith is offline."""
    if not offline() or not is_on_hub(source) or hub_cache.is_cached(source, "main", "dataset"):
        return ()
    return (missing("data.source", source),)


def is_on_hub(name: str) -> bool:
    """Tell whether the id of a base model or the source of conversations is a hub id."""
    return name not in (STARTER, SAMPLE) and not looks_like_path(name)


def missing(field: str, name: str) -> Problem:
    """Return the problem of a source that is not on this computer while Tunesmith is offline."""
    hint = MODEL_HINT if field == "base_model.id" else DATA_HINT
    return Problem(field, say("{} is not downloaded, and Tunesmith is offline.", name), hint)
