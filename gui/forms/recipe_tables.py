"""A recipe as the tables that its form holds, finished or not. Knows no widgets."""

from __future__ import annotations

import json
from typing import Any

from engine.api import (
    BaseModelOptions,
    DataOptions,
    EvaluationOptions,
    Family,
    Options,
    TrainingOptions,
    describe,
    method,
)

TABLES: dict[str, type[Options]] = {
    "base_model": BaseModelOptions,
    "data": DataOptions,
    "training": TrainingOptions,
    "evaluation": EvaluationOptions,
}
# What a method's table has beside its options.
BESIDE_OPTIONS = ("id", "start_from")


def copied(tables: dict[str, Any]) -> dict[str, Any]:
    """Return tables that can be changed without changing these."""
    return {name: dict(part) if isinstance(part, dict) else part for name, part in tables.items()}


def complete(tables: dict[str, Any]) -> dict[str, Any]:
    """Return tables in which what has been left out stands at its default, for the controls to show."""
    for name, declaration in TABLES.items():
        defaults = {info.name: info.default for info in describe(declaration) if not info.optional}
        tables[name] = defaults | tables.get(name, {})
    return tables


def preset(method_id: str, family: Family) -> dict[str, Any]:
    """Return a method's table at its preset for a family, or for one that it works with."""
    entry = method(method_id)
    suited = family if family in entry.presets else entry.families[0]
    values = {name: value for name, value in entry.preset_options(suited).items() if value is not None}
    return {"id": method_id, **values}


def text_of(tables: dict[str, Any]) -> str:
    """Return tables as a text, problems or not: a recipe's file has no room for an unfinished one."""
    return json.dumps(tables)


def from_text(text: str) -> dict[str, Any]:
    """Return the tables of a text that `text_of` made, without what is no longer declared.

    Raises ValueError if it is none, KeyError if its method is gone.
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
