"""The recipe of the guide's choices, and which base models it offers. Knows no widget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.api import SAMPLE, STARTER, Family, Recipe, model_info, offline, recipe
from gui.forms.recipe_tables import preset, with_other


@dataclass(frozen=True)
class OfferedModel:
    """A base model that the guide offers; `bytes` are to be downloaded, 0 for one on this computer."""

    id: str
    family: Family
    bytes: int = 0
    languages: tuple[str, ...] = ()
    language_count: int = 0


STARTER_MODEL = OfferedModel(STARTER, "encoder-decoder", languages=("en",))


def offered_models(
    here: Iterable[Mapping[str, Any]], language: str, chosen: OfferedModel
) -> tuple[OfferedModel, ...]:
    """Return the models to choose from: the starter, others that are here, and small ones that know the language.

    The chosen one stays among them. Offline, nothing is offered that would be downloaded.
    """
    local = [OfferedModel(str(each["id"]), each["family"]) for each in here if each["family"]]
    found = [STARTER_MODEL, *local, *([] if offline() else _suggested(language))]
    first = [*{model.id: model for model in reversed(found)}.values()][::-1][:3]
    if chosen.id not in {model.id for model in first}:
        first[-1] = chosen
    return tuple(first)


def _suggested(language: str) -> list[OfferedModel]:
    """Return the smallest encoder-decoder and the smallest chat model that know a language."""
    speaking = [model for model in model_info.catalogue() if language in model.languages and not model.gated]
    readers = [model for model in speaking if model.family == "encoder-decoder"]
    chats = [model for model in speaking if model.chat]
    return [
        OfferedModel(model.id, model.family, model.download_bytes, model.languages, model.language_count)
        for model in (*readers[:1], *chats[:1])
    ]


def guide_recipe(starter: Recipe, model: OfferedModel, source: str, method_id: str, device: str) -> Recipe:
    """Return the starter's recipe with other choices, each with its own defaults. Raises RecipeError."""
    tables = starter.as_tables()
    if source != SAMPLE:
        # The starter's recipe is for its sample: lengths, and a run that fits two minutes.
        tables = with_other(tables, "data", {}) | {"data": {"source": source}, "evaluation": {}}
    training = tables["training"] | {"device": device}
    if (model.id, method_id) != (STARTER, starter.method.id):
        tables["method"] = preset(method_id, model.family)
        training.pop("learning_rate", None)
    tables["base_model"] = tables["base_model"] | {"id": model.id}
    return recipe.from_tables(tables | {"name": "", "training": training})
