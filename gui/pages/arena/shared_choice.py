"""What all entries of a new arena share: base model, data, and the time for each. Knows recipes, not entries."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.api import Problem, Recipe, recipe
from gui.forms import recipe_files, value_text
from gui.forms.choosers import BaseModelChooser, KnownSources, SourceChooser
from gui.forms.recipe_tables import on_base, with_other
from gui.inputs.fields import Field
from gui.inputs.number_inputs import IntField
from gui.look.language import tr, translate
from gui.widgets.layouts import vbox

BASE, DATA, MINUTES = "base_model", "data", "minutes"
MAX_MINUTES = 100_000


class SharedChoice(QWidget):
    """Changes base model and data of a recipe; `changed(key)` reports what the user chose."""

    changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Until `begin`.
        self._recipe = recipe_files.first_recipe(None)[0]
        self.base, self.data = BaseModelChooser(), SourceChooser()
        self.minutes = IntField(0, MAX_MINUTES, 0, suffix=tr("min"))
        self.minutes.setSpecialValueText(tr("No limit"))
        self.fields = {
            BASE: Field(tr("&Base model"), self.base),
            DATA: Field(tr("&Data"), self.data),
            MINUTES: Field(
                tr("&Training time for each"),
                self.minutes,
                tr("Each method trains this long, or until its epochs are done."),
            ),
        }
        vbox(*self.fields.values(), of=self, spacing=16)
        self.base.picked.connect(lambda _key: self.changed.emit(BASE))
        self.data.picked.connect(lambda _key: self.changed.emit(DATA))
        self.minutes.valueChanged.connect(lambda _number: self.changed.emit(MINUTES))

    def offer_known(self, known: KnownSources) -> None:
        self.base.offer_known(known)
        self.data.offer_known(known)

    def begin(self, wanted: Recipe) -> None:
        self._recipe = wanted
        self.take({BASE: wanted.base_model.id, DATA: wanted.data.source})
        self.show_plan({})

    def own_minutes(self) -> int:
        """Return how long the recipe itself says that a run may train, 0 for no limit."""
        return math.ceil(self._recipe.training.max_minutes)

    def values(self) -> dict[str, Any]:
        return {BASE: self.base.key(), DATA: self.data.key(), MINUTES: self.minutes.value()}

    def take(self, values: Mapping[str, Any]) -> None:
        """Show values, without a report; those that are missing stay."""
        self.base.set_key(str(values.get(BASE, self.base.key())))
        self.data.set_key(str(values.get(DATA, self.data.key())))
        self.minutes.blockSignals(True)
        self.minutes.setValue(int(values.get(MINUTES, self.minutes.value())))
        self.minutes.blockSignals(False)

    def take_base(self, base: Mapping[str, Any]) -> None:
        """Take the options of another base model, as if the user had chosen it. Raises RecipeError."""
        self._recipe = recipe.from_tables(self._on_base(self._recipe.as_tables(), base))
        self.base.pick(self._recipe.base_model.id)

    def _on_base(self, tables: dict[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
        before = recipe.base_facts(self._recipe.base_model.id).family or "encoder-decoder"
        family = recipe.base_facts(base["id"]).family or before
        return on_base(tables, base, family, before) | {"name": ""}

    def recipe(self) -> Recipe:
        """Return the recipe with the chosen base model and data. Raises RecipeError."""
        tables = self._recipe.as_tables()
        tables["training"]["max_minutes"] = float(self.minutes.value())
        if self.data.key() != self._recipe.data.source:
            tables = with_other(tables, "data", {"source": self.data.key()}) | {"name": ""}
        if self.base.key() != self._recipe.base_model.id:
            tables = self._on_base(tables, {"id": self.base.key()})
        return recipe.from_tables(tables)

    def show_plan(self, plan: Mapping[str, Any]) -> None:
        """Show what is known of base model and data, and that they have no problem."""
        feet = {
            BASE: value_text.base_text(plan, str(plan.get("family", ""))),
            DATA: value_text.amount_text(plan.get("examples") or {}, trains=True),
        }
        for key, text in feet.items():
            self.fields[key].set_helper_text(text)
            self.fields[key].set_problem()

    def show_problems(self, problems: Sequence[Problem]) -> list[Problem]:
        """Show problems beside their fields, and return those without one."""
        self.show_plan({})
        rest = []
        for problem in problems:
            field = self.fields.get(problem.field.partition(".")[0])
            if field is None:
                rest.append(problem)
            elif not field.problem():
                field.set_problem(translate(problem.message), translate(problem.hint))
        return rest
