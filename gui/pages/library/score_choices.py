"""The recipes that an adapter can be scored with. Knows no widget."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from engine.api import SAMPLE, Adapter, AppError, Recipe, recipe
from gui.models.list_text import data_text

Choice = tuple[str, Recipe]


def score_choices(adapter: Adapter, others: Iterable[Adapter]) -> list[Choice]:
    """Return the choices to score an adapter, each a text with its recipe.

    An adapter trained here has only its own recipe. An imported one can be scored like any other adapter of its base
    model, so that the scores are comparable, or on the sample conversations.
    """
    own = _recipe(adapter)
    if own is not None:
        return [(data_text(own.data.source), own)]
    found: dict[str, Recipe] = {}
    for other in others:
        theirs = _recipe(other) if other.metadata.base_model.id == adapter.metadata.base_model.id else None
        if theirs is not None:
            found.setdefault(theirs.data.source, theirs)
    if SAMPLE not in found:
        found[SAMPLE] = _sample_recipe(adapter)
    return [(data_text(source), wanted) for source, wanted in found.items()]


def _recipe(adapter: Adapter) -> Recipe | None:
    with suppress(AppError):
        return adapter.recipe()
    return None


def _sample_recipe(adapter: Adapter) -> Recipe:
    """Return a new recipe for the sample conversations with the adapter's base model."""
    base = adapter.metadata.base_model
    made = recipe.from_tables(
        {"base_model": {"id": base.id or "unknown"}, "data": {"source": SAMPLE}, "method": {"id": "lora"}}
    )
    supported = {"none", "int8", "nf4", "fp4"}
    wanted = base.quantization if base.quantization in supported else "none"
    options = made.base_model.model_copy(update={"quantization": wanted, "revision": base.revision or "main"})
    return replace(made, base_model=options)
