"""What was set for each base model, and for each method on it, while a form is open. Knows no widget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.api import BaseFacts, Family, method, recipe
from gui.forms.recipe_tables import copied, followers, on_base, preset

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
        """Return tables with another method, and keep what is set for the present one."""
        presumes = self._presumes(tables)
        self._keep(tables)
        found = self.with_method(tables, method_id, family)
        if presumes:
            self._presumed = found["base_model"]["id"], dict(found["method"])
        return found

    def with_method(self, tables: Tables, method_id: str, family: Family) -> Tables:
        """Return tables with another method."""
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
        """Take the tables that come next as they are."""
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
