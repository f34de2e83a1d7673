"""Finds which of a recipe's sources are on the hub, and what of them can't be had offline. Opens no connection."""

from __future__ import annotations

from engine.config.recipe import SAMPLE, STARTER, Recipe, looks_like_path
from engine.errors import Problem
from engine.messages import say
from engine.system import hub_cache
from engine.system.connection import offline


def offline_problems(recipe: Recipe) -> tuple[Problem, ...]:
    """Return what a run would have to download although no connection may be opened."""
    base = recipe.base_model
    return (*base_problems(base.id, base.revision), *data_problems(recipe.data.source))


def base_problems(model_id: str, revision: str = "main") -> tuple[Problem, ...]:
    """Return the problem of a base model that is only on the hub, if Tunesmith is offline."""
    return _problems("base_model.id", model_id, revision, "model")


def data_problems(source: str) -> tuple[Problem, ...]:
    """Return the problem of conversations that are only on the hub, if Tunesmith is offline."""
    return _problems("data.source", source, "main", "dataset")


def _problems(field: str, name: str, revision: str, kind: hub_cache.Kind) -> tuple[Problem, ...]:
    is_missing = offline() and is_on_hub(name) and not hub_cache.is_cached(name, revision, kind)
    return (missing(field, name),) if is_missing else ()


def is_on_hub(name: str) -> bool:
    """Tell whether the id of a base model or the source of conversations is a hub id."""
    return name not in (STARTER, SAMPLE) and not looks_like_path(name)


def missing(field: str, name: str) -> Problem:
    """Return the problem of a source that is not on this computer while Tunesmith is offline."""
    hint = "Start without --offline and HF_HUB_OFFLINE, or choose local files."
    return Problem(field, say("{} is not downloaded, and Tunesmith is offline.", name), hint)
