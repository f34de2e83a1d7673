"""A recipe as tables of values, complete or not. Knows no widgets."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from engine.api import (
    METHODS,
    STARTER,
    BaseModelOptions,
    DataOptions,
    EvaluationOptions,
    Family,
    Options,
    Recipe,
    RecipeError,
    TrainingOptions,
    describe,
    method,
    recipe,
)

TABLES: dict[str, type[Options]] = {
    "base_model": BaseModelOptions,
    "data": DataOptions,
    "training": TrainingOptions,
    "evaluation": EvaluationOptions,
}
# The controls of options that name layers of a base model.
NAMING_LAYERS = {"chips", "patterns"}
# The keys of a method's table beside its options.
BESIDE_OPTIONS = ("id", "start_from")


def copied(tables: dict[str, Any]) -> dict[str, Any]:
    """Return a deep copy of tables."""
    return {name: dict(part) if isinstance(part, dict) else part for name, part in tables.items()}


def complete(tables: dict[str, Any]) -> dict[str, Any]:
    """Return tables with defaults for missing values, for the controls."""
    for name, declaration in TABLES.items():
        defaults = {info.name: info.default for info in describe(declaration) if not info.optional}
        tables[name] = defaults | tables.get(name, {})
    return tables


def preset(method_id: str, family: Family) -> dict[str, Any]:
    """Return a method's table with its preset for a family, or for any family that it works with."""
    entry = method(method_id)
    suited = family if family in entry.presets else entry.families[0]
    values = {name: value for name, value in entry.preset_options(suited).items() if value is not None}
    return {"id": method_id, **values}


def on_base(
    tables: dict[str, Any], base: dict[str, Any], family: Family, before: Family
) -> dict[str, dict[str, Any]]:
    """Return the tables that change with another base model: `base`, and what suits its layers and its family.

    `before` is the family of the present one. The method's options stay within a family, but for those that name
    layers, and for the adapter to start from; so does the learning rate, unless it is that of the tiny starter.
    """
    own, training = preset(tables["method"]["id"], family), dict(tables["training"])
    if family == before:
        layers = {info.name for info in describe(method(own["id"]).options) if info.control in NAMING_LAYERS}
        kept = tables["method"].items()
        own |= {name: value for name, value in kept if name not in {*layers, "start_from"}}
    if family != before or STARTER in (tables["base_model"]["id"], base["id"]):
        training.pop("learning_rate", None)
    return {"base_model": tables["base_model"] | base, "method": own, "training": training}


def with_methods(
    tables: dict[str, Any], family: Family, settings_of: Callable[[str], dict[str, Any]]
) -> dict[str, Recipe]:
    """Return a recipe with each method that works with a family, with its settings; invalid ones are left out."""
    found = {}
    for entry in METHODS:
        if family in entry.presets:
            with suppress(RecipeError):
                found[entry.id] = recipe.from_tables(tables | {"name": "", "method": settings_of(entry.id)})
    return found


def text_of(tables: dict[str, Any]) -> str:
    """Return tables as text, with or without problems; a recipe file can hold only a valid recipe."""
    return json.dumps(tables)


def from_text(text: str) -> dict[str, Any]:
    """Return the tables of a text made by `text_of`, without keys that are no longer declared.

    Raises ValueError if the text is none, KeyError if its method is unknown.
    """
    found = json.loads(text)
    wanted = (*TABLES, "method")
    if not isinstance(found, dict) or not all(isinstance(found.get(name), dict) for name in wanted):
        raise ValueError(text)
    declared = TABLES | {"method": method(str(found["method"].get("id"))).options}
    for name, declaration in declared.items():
        known = {*BESIDE_OPTIONS, *(info.name for info in describe(declaration))}
        found[name] = {key: value for key, value in found[name].items() if key in known}
    return complete(found)
