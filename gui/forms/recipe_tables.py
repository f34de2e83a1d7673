"""A recipe as tables of values, complete or not, and what was set for each base model and method. Knows no widgets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from engine.api import (
    METHODS,
    BaseFacts,
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


Tables = dict[str, Any]


class KeptSettings:
    """Gives tables another base model or another method, with what was set for it before, else with its preset.

    The family of a base model that is neither here nor in the catalogue is not known before it is planned with. Until
    then it is presumed to be that of the model before.
    """

    def __init__(self) -> None:
        # By base model, and by base model and method: the method's table and its learning rate.
        self._of_models: dict[str, Tables] = {}
        self._of_methods: dict[tuple[str, str], tuple[Tables, float | None]] = {}
        self._families: dict[str, Family] = {}
        # A base model and the preset that holds until its family is known.
        self._presumed: tuple[str, Tables] | None = None

    def family(self, base_id: str) -> Family | None:
        """Return the family of a base model, None if it is not known yet."""
        return self._families.get(base_id) or self._facts(base_id).family

    def take_method(self, tables: Tables, method_id: str, family: Family) -> Tables:
        presumes = self._presumes(tables)
        self._keep(tables)
        found = self.with_method(tables, method_id, family)
        if presumes:
            self._presumed = found["base_model"]["id"], dict(found["method"])
        return found

    def with_method(self, tables: Tables, method_id: str, family: Family) -> Tables:
        key = tables["base_model"]["id"], method_id
        table, rate = self._of_methods.get(key, (preset(method_id, family), None))
        found = copied(tables) | {"method": dict(table)}
        found["training"].pop("learning_rate", None)
        if rate is not None:
            found["training"]["learning_rate"] = rate
        return found

    def take_base(self, tables: Tables, base: Mapping[str, Any], before: Family) -> Tables:
        """Return tables with another base model, and keep what is set for the present one, of the family `before`."""
        self._keep(tables)
        family = self.family(base["id"])
        found = self._on_base(tables, base, replace(self._facts(base["id"]), family=family), before)
        self._presumed = None if family else (base["id"], dict(found["method"]))
        return found

    def learn(self, tables: Tables, facts: BaseFacts, before: Family) -> Tables:
        """Return tables with the preset for the family that a plan has found, unless the presumed one was changed."""
        presumes, self._presumed = self._presumes(tables), None
        base = tables["base_model"]
        if facts.family:
            self._families[base["id"]] = facts.family
        return self._on_base(tables, base, facts, before) if presumes else tables

    def forget_presumed(self) -> None:
        self._presumed = None

    def _presumes(self, tables: Tables) -> bool:
        return self._presumed == (tables["base_model"]["id"], tables["method"])

    def _facts(self, base_id: str) -> BaseFacts:
        return recipe.base_facts(base_id) if base_id else BaseFacts()

    def _keep(self, tables: Tables) -> None:
        """Keep what is set for the present base model and its method, unless it is only presumed."""
        if self._presumes(tables):
            return
        base, table = tables["base_model"]["id"], tables["method"]
        kept: Tables = {}
        for name, info in followers("base_model"):
            if info.name in tables[name]:
                kept.setdefault(name, {})[info.name] = tables[name][info.name]
        rate = kept.get("training", {}).pop("learning_rate", None)
        self._of_models[base] = kept
        self._of_methods[base, table["id"]] = (table | {"start_from": ""}, rate)

    def _on_base(self, tables: Tables, base: Mapping[str, Any], facts: BaseFacts, before: Family) -> Tables:
        """Return tables with another base model. A method that it has no use for gives way to the nearest."""
        family = facts.family or before
        wanted = tables["method"]["id"]
        suited = _suited(wanted, facts, family)
        if suited != wanted:
            tables = tables | {"method": {"id": suited}}
        found = on_base(tables, base, family, before)
        for table, values in self._of_models.get(base["id"], {}).items():
            found[table] |= values
        found["base_model"] |= base
        if (base["id"], suited) in self._of_methods:
            found = self.with_method(found, suited, family)
        if found["base_model"]["quantization"] not in method(suited).quantizations:
            found["base_model"]["quantization"] = "none"
        return found


def _suited(method_id: str, facts: BaseFacts, family: Family) -> str:
    """Return a method, or the nearest one whose preset works on a base model."""
    seen: set[str] = set()
    while method_id not in seen:
        seen.add(method_id)
        entry = method(method_id)
        options = entry.options(**entry.preset_options(family)) if family in entry.presets else None
        if entry.refusal(options, facts) is None:
            break
        method_id = entry.nearest
    return method_id
