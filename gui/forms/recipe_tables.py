"""A recipe as tables of values, complete or not. Knows no widgets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from engine.api import (
    METHODS,
    BaseModelOptions,
    DataOptions,
    EvaluationOptions,
    Family,
    OptionInfo,
    Options,
    Recipe,
    RecipeError,
    TrainingOptions,
    describe,
    method,
    recipe,
    variants,
)

TABLES: dict[str, type[Options]] = {
    "base_model": BaseModelOptions,
    "data": DataOptions,
    "training": TrainingOptions,
    "evaluation": EvaluationOptions,
}
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


def followers(leader: str) -> Iterator[tuple[str, OptionInfo]]:
    """Yield the options, each with its table, that are chosen for a base model or for data: `leader` is its table."""
    for table, declaration in TABLES.items():
        for info in describe(declaration):
            if info.follows == leader:
                yield table, info


def with_other(tables: dict[str, Any], leader: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return tables with another base model or other data; what was chosen for the former has its default again."""
    found = copied(tables)
    for table, info in followers(leader):
        found[table].pop(info.name, None)
    found[leader] |= values
    return complete(found)


def on_base(
    tables: dict[str, Any], base: Mapping[str, Any], family: Family, before: Family
) -> dict[str, Any]:
    """Return tables with another base model, with the method's preset for its family; a variant stays.

    `before` is the family of the present base model.
    """
    entry = method(tables["method"]["id"])
    variant = variants.current(entry, tables, before) or variants.STANDARD
    found = with_other(tables, "base_model", {}) | {"method": preset(entry.id, family)}
    found = variants.changed(entry, variant, found, family)
    found["base_model"] |= base
    return found


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
