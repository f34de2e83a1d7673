"""The form of a recipe: fields by level, with problems beside them.

All fields derive from the engine's declarations. Values without a field are preserved. Knows no runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.api import (
    METHODS,
    BaseFacts,
    Family,
    Problem,
    Recipe,
    RecipeError,
    TrainingOptions,
    method,
    recipe,
    run_store,
    variants,
)
from gui.core.saved_state import SavedState
from gui.forms import plan_text
from gui.forms.choosers import BaseModelChooser
from gui.forms.device_field import offer_devices
from gui.forms.field_grid import LEVELS, FieldGrid, FormField, make_fields, nearest
from gui.forms.module_chips import ModuleChips
from gui.forms.module_fields import offer_modules
from gui.forms.prompt.prompt_editor import PromptEditor
from gui.forms.recipe_tables import TABLES, complete, copied, from_text, preset, text_of, with_methods
from gui.forms.start_from_field import START_FROM, StartFromField
from gui.forms.training_length import LENGTH, TrainingLength
from gui.forms.undo import FormUndo
from gui.forms.variant_field import VariantField
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field
from gui.inputs.number_inputs import FloatField
from gui.look.format import plain
from gui.look.language import mark, tr, translate
from gui.widgets.labels import Label
from gui.widgets.line import Line

# The fields of the prompt's section, from any table.
PROMPT = ("data.shots", "data.prompt_format", "data.prompt")
SECTIONS = {
    "base_model": mark("Base model"),
    "data": mark("Data"),
    "prompt": mark("Prompt"),
    "training": mark("Training"),
    "evaluation": mark("Scoring"),
}
# Fields with a hint from the plan.
PLANNED_FEET = ("base_model.id", "data.source")
RATE = "training.learning_rate"
# Keys of changes that affect more than one field.
METHOD, VARIANT = "method", "variant"


class RecipeForm(QWidget):
    """Edits a recipe. `edited` is emitted with every change; `recipe()` is the result, None if it has problems."""

    edited = Signal()

    def __init__(self, effect: QWidget, parent: QWidget | None = None) -> None:
        """Build the form; `effect` is shown below the method's essential fields."""
        super().__init__(parent)
        self._tables: dict[str, Any] = {}
        self._recipe: Recipe | None = None
        self._problems: tuple[Problem, ...] = ()
        self._family: Family = "encoder-decoder"
        self._planned_base = ("", BaseFacts())
        self._modules: dict[str, int] = {}
        self._level, self._recalled = LEVELS[0], ""
        self._writing = self._is_fixed = False
        # The user's values for each method: its options and its learning rate.
        self._saved_methods: dict[str, tuple[dict[str, Any], float | None]] = {}
        self._fields = {table: make_fields(table, declaration) for table, declaration in TABLES.items()}
        self._method_fields: list[FormField] = []
        self._method = ComboBox([(entry.id, translate(entry.title)) for entry in METHODS])
        self._method_field = Field(
            tr("Method"), self._method, tooltip=tr("The PEFT method: which parameters are trained, and how.")
        )
        self._method.chosen.connect(self.choose_method)
        self.variant = VariantField()
        self.variant.chosen.connect(self.choose_variant)
        self.start_from = StartFromField()
        self.start_from.chosen.connect(self._choose_origin)
        self._method_top, self._method_rest = QVBoxLayout(), QVBoxLayout()
        self._grids: list[FieldGrid | TrainingLength] = []
        self._method_grids: list[FieldGrid] = []
        self._prompt_grid = FieldGrid([self.field(key) for key in PROMPT])
        self._prompt_layout = QVBoxLayout()
        self._headings: list[tuple[QWidget, FieldGrid]] = []
        self._lay_out(effect)
        for key in PLANNED_FEET:
            around = self.field(key).around
            assert isinstance(around, Field)
            around.keep_foot()
        for fields in self._fields.values():
            self._listen(fields)
        self.undo = FormUndo(self, self.tables(), self._go_back_to, self._show_field)
        SavedState(self, "recipe", self._saved_state, self._restore_state)

    # The recipe

    def set_recipe(self, wanted: Recipe) -> None:
        """Show a recipe; the prompt is shown with a sample until `show_plan`."""
        self._set_tables(wanted.as_tables())
        self._show_prompt(None)
        self.check()
        self.undo.begin(self.tables())

    def recipe(self) -> Recipe | None:
        """Return the recipe, or None while it has problems."""
        return self._recipe

    def tables(self) -> dict[str, Any]:
        """Return the form's values as tables, with or without problems."""
        return copied(self._tables)

    def problems(self) -> tuple[Problem, ...]:
        """Return the problems shown."""
        return self._problems

    def method_id(self) -> str:
        """Return the method in use."""
        return str(self._tables["method"]["id"])

    def family(self) -> Family:
        """Return the base model's family, if a plan has reported it."""
        return self._family

    def base_facts(self) -> BaseFacts:
        """Return the known facts of the base model with its loading options."""
        base = self._tables["base_model"]
        planned_of, planned = self._planned_base
        known = planned if planned_of == base["id"] else BaseFacts()
        return replace(known, family=self._family, quantization=base["quantization"])

    def set_values(self, table: str, values: dict[str, Any]) -> None:
        """Change values of one table for another page, and emit `edited`."""
        self.set_tables({table: self.tables().get(table, {}) | values})

    def set_tables(self, changed: dict[str, dict[str, Any]]) -> None:
        """Replace whole tables for another page, and emit `edited`."""
        before = self.tables()
        self._set_tables(before | changed)
        given = [(table, name) for table, values in changed.items() for name in values]
        differing = (
            each for each in given if changed[each[0]][each[1]] != before.get(each[0], {}).get(each[1])
        )
        self._report_edit(next((".".join(each) for each in differing), next(iter(changed))))

    def choose_method(self, method_id: str) -> None:
        """Switch to another method, with its earlier values, or else with its preset and the preset's learning rate."""
        before = self._tables["method"]
        if method_id == before["id"]:
            return
        training = dict(self._tables["training"])
        rate = training.pop("learning_rate", None)
        self._saved_methods[before["id"]] = (before | {"start_from": ""}, rate)
        options, saved_rate = self._saved_methods.get(method_id, (preset(method_id, self._family), None))
        if saved_rate is not None:
            training["learning_rate"] = saved_rate
        self._set_tables(self.tables() | {"method": options, "training": training})
        if before.get("start_from"):
            self._report_origin_removed(self.start_from.name_of(before["start_from"]))
        if rate is not None and saved_rate is None:
            title = translate(method(before["id"]).title)
            self.set_foot(RATE, tr("{method} used {rate}", rate=plain(rate), method=title))
        self._report_edit(METHOD)

    def choose_variant(self, variant_id: str) -> None:
        """Set the options of a variant of the method, or of its standard form with ""."""
        if self._is_fixed:
            return
        entry = method(self.method_id())
        self._set_tables(complete(variants.changed(entry, variant_id, self.tables(), self._family)))
        self._report_edit(VARIANT)

    def _show_variant(self) -> None:
        entry = method(self.method_id())
        self.variant.show_variant(entry, variants.current(entry, self._tables, self._family))

    def _choose_origin(self, adapter_id: str) -> None:
        if not self._is_fixed and adapter_id != self._tables["method"].get("start_from", ""):
            self.set_values("method", {"start_from": adapter_id})

    def _report_origin_removed(self, name: str) -> None:
        text = tr("{name} was removed here: it was trained with another method.", name=name)
        self.start_from.set_foot(text)
        self.start_from.show()

    def _show_origin(self) -> None:
        """Show the adapter to start from: always if set, else from the level "more" on."""
        table = self._tables["method"]
        adapter_id = str(table.get("start_from", ""))
        self.start_from.set_foot("")
        self.start_from.show_origin(str(self._tables["base_model"]["id"]), str(table["id"]), adapter_id)
        self.start_from.setVisible(bool(adapter_id) or self._level != LEVELS[0])

    # Display

    def with_each_method(self) -> dict[str, Recipe]:
        """Return this recipe with every method that works with its base model, each as `choose_method` sets it."""
        return with_methods(self.tables(), self._family, self._settings_of)

    def _settings_of(self, method_id: str) -> dict[str, Any]:
        """Return the settings of the method in use, those that another had when it was used, else its preset."""
        if method_id == self.method_id():
            return dict(self._tables["method"])
        settings, _rate = self._saved_methods.get(method_id, (preset(method_id, self._family), None))
        return settings

    def set_level(self, level: str) -> None:
        """Show the fields up to a level: essential, more or everything."""
        self._level, self._recalled = level, ""
        self._show_fields()
        if self._tables:
            self._show_origin()

    def _show_fields(self) -> None:
        # A prompt-only method has no other options: the prompt takes their place.
        is_prompt = bool(self._tables) and not method(self.method_id()).trains
        (self._method_top if is_prompt else self._prompt_layout).addWidget(self._prompt_grid)
        for grid in self._grids + self._method_grids:
            grid.show_where(self._is_wanted)
        for heading, grid in self._headings:
            apart = grid is not self._prompt_grid or not is_prompt
            heading.setVisible(apart and grid.isVisibleTo(self))

    def _is_wanted(self, field: FormField) -> bool:
        """Return whether a field is shown: by its level, or because the method is prompt-only."""
        if self._tables and not method(self.method_id()).trains:
            if field.key in PROMPT:
                return True
            if field.table == "training" and field.info.name not in TrainingOptions.without_training:
                return False
        return field.is_of(self._level) or field.key == self._recalled

    def set_fixed(self, fixed: bool) -> None:
        """Make the recipe read-only."""
        self._is_fixed = fixed
        self.undo.lock(fixed)
        self._method_field.set_fixed(fixed)
        self.variant.set_fixed(fixed)
        self.start_from.set_fixed(fixed)
        for field in self._all_fields():
            field.set_fixed(fixed)

    def show_problems(self, problems: Sequence[Problem]) -> list[Problem]:
        """Show problems beside their fields; return those without a field on the form."""
        self._problems = tuple(problems)
        fields = {field.key: field for field in self._all_fields()}
        for field in fields.values():
            field.set_problem()
        self._method_field.set_problem()
        self.start_from.set_problem()
        homeless = []
        for problem in problems:
            key = nearest(problem.field, fields)
            if key in fields:
                fields[key].set_problem(problem.message, problem.hint)
            elif problem.field in {"method", "method.id"}:
                self._method_field.set_problem(translate(problem.message), translate(problem.hint))
            elif problem.field == START_FROM:
                self.start_from.set_problem(translate(problem.message), translate(problem.hint))
                self.start_from.show()
            else:
                homeless.append(problem)
        return homeless

    def show_plan(self, plan: dict[str, Any]) -> None:
        """Show the plan's facts about base model and data below their fields."""
        self._family = plan.get("family", self._family)
        known = BaseFacts(model_type=str(plan.get("model_type", "")), biases=bool(plan.get("biases")))
        self._planned_base = (self._tables["base_model"]["id"], known)
        feet = plan_text.plan_feet(plan, self._family, self._tables)
        for key, text in feet.items():
            self.set_foot(key, text)
        self.length.show_plan(plan, self._tables["training"])
        self._show_prompt(plan.get("prompt"))
        self._modules = plan.get("modules") or {}
        offer_modules(self._method_fields, plan)
        self._show_preset_rate()

    def _show_prompt(self, filling: Mapping[str, Any] | None) -> None:
        """Show the model input, its format and the length of its examples."""
        self.prompt_editor().show_filling(filling)
        for key, text in plan_text.prompt_feet(filling, trains=method(self.method_id()).trains).items():
            self.set_foot(key, text)

    def offer_devices(self, devices: Sequence[dict[str, Any]]) -> None:
        """Offer the devices of this computer."""
        choice = self.field("training.device").control.widget
        assert isinstance(choice, ComboBox)
        offer_devices(choice, devices)

    def set_foot(self, key: str, text: str) -> None:
        """Set the hint below a field."""
        field = self.field(key)
        if isinstance(field.around, Field):
            field.around.set_foot(text)

    def field(self, key: str) -> FormField:
        """Return the field of a dotted key. Raises KeyError if the form has none."""
        return {field.key: field for field in self._all_fields()}[key]

    def base_model_chooser(self) -> BaseModelChooser:
        """Return the chooser of the base model."""
        chooser = self.field("base_model.id").control.widget
        assert isinstance(chooser, BaseModelChooser)
        return chooser

    def prompt_editor(self) -> PromptEditor:
        """Return the control of the prompt."""
        editor = self.field("data.prompt").control.widget
        assert isinstance(editor, PromptEditor)
        return editor

    # Construction and changes
    def _lay_out(self, effect: QWidget) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for table in ("base_model", "data"):
            self._add_grid(column, self._essential(table))
        column.addWidget(Line())
        column.addWidget(self._method_field)
        column.addWidget(self.variant)
        column.addWidget(self.start_from)
        for part in (self._method_top, self._method_rest):
            part.setSpacing(12)
        column.addLayout(self._method_top)
        column.addWidget(effect)
        column.addLayout(self._method_rest)
        column.addWidget(Line())
        self.length = TrainingLength([self.field(key) for key in LENGTH], self)
        self._grids.append(self.length)
        column.addWidget(self.length)
        self._add_grid(column, self._essential("training"))
        for section, title in SECTIONS.items():
            heading = Label(tr(title), "section", "ink")
            heading.setContentsMargins(0, 12, 0, 0)
            column.addWidget(heading)
            self._headings.append((heading, self._add_section(column, section)))
        column.addStretch(1)

    def _essential(self, table: str) -> list[FormField]:
        """Return the essential fields of a table, without those that have a row of their own."""
        essential = [field for field in self._fields[table] if field.info.level == "essential"]
        return [field for field in essential if field.key not in LENGTH]

    def _add_section(self, column: QVBoxLayout, section: str) -> FieldGrid:
        """Add the fields of a section, without the essential ones above."""
        if section == "prompt":
            column.addLayout(self._prompt_layout)
            return self._take_grid(self._prompt_grid)
        elsewhere = {field.key for field in self._essential(section)} | {*LENGTH, *PROMPT}
        return self._add_grid(column, [each for each in self._fields[section] if each.key not in elsewhere])

    def _add_grid(self, column: QVBoxLayout, fields: list[FormField]) -> FieldGrid:
        grid = FieldGrid(fields, self)
        column.addWidget(grid)
        return self._take_grid(grid)

    def _take_grid(self, grid: FieldGrid) -> FieldGrid:
        self._grids.append(grid)
        grid.show_where(self._is_wanted)
        return grid

    def _all_fields(self) -> Iterable[FormField]:
        for fields in self._fields.values():
            yield from fields
        yield from self._method_fields

    def _listen(self, fields: Iterable[FormField]) -> None:
        for field in fields:
            field.control.changed.connect(lambda *_value, field=field: self._changed(field))

    def _changed(self, field: FormField) -> None:
        if self._writing or self._is_fixed:
            return
        value = field.control.read()
        table = self._tables.setdefault(field.table, {})
        if value is None:
            table.pop(field.info.name, None)
        else:
            table[field.info.name] = list(value) if isinstance(value, tuple) else value
        if field.key in PLANNED_FEET:
            self._show_origin()
        if field.key == RATE:
            self.set_foot(RATE, "")
        self._show_variant()
        self._report_edit(field.key, typed=field.is_typed)

    def _report_edit(self, key: str, *, typed: bool = False) -> None:
        self.undo.add(self.tables(), key, typed=typed)
        self.check()
        self.edited.emit()

    def _go_back_to(self, tables: dict[str, Any]) -> None:
        """Restore the state before or after a change."""
        self._set_tables(copied(tables))
        self.check()
        self.edited.emit()

    def _show_field(self, key: str) -> QWidget | None:
        """Show a field, even if it is not of the level shown, and return it."""
        wholes: dict[str, QWidget] = {
            METHOD: self._method_field,
            VARIANT: self.variant,
            START_FROM: self.start_from,
        }
        if key in wholes:
            return wholes[key]
        found = next((field for field in self._all_fields() if field.key == key), None)
        if found is not None and not self._is_wanted(found):
            self._recalled = key
            self._show_fields()
        return found.around if found is not None else None

    # Saved state

    def _saved_state(self) -> str:
        """Return the recipe being edited, complete or not; "" for the recipe of a run."""
        return "" if self._is_fixed else text_of(self._tables)

    def _restore_state(self, text: str) -> None:
        """Show the recipe of an earlier start; leave the form unchanged if it can't be shown."""
        before = self.tables()
        try:
            self._go_back_to(from_text(text))
        except (ValueError, TypeError, KeyError, AttributeError):
            self._go_back_to(before)
        self.undo.begin(self.tables())

    def _set_tables(self, tables: dict[str, Any]) -> None:
        previous = self._tables.get("method", {}).get("id")
        self._tables = tables
        self._writing = True
        if tables["method"]["id"] != previous:
            self._build_method_fields(tables["method"]["id"])
        for field in self._all_fields():
            value = tables.get(field.table, {}).get(field.info.name)
            if value is not None or field.info.optional:
                field.control.write(value)
        self._method.set_key(tables["method"]["id"])
        self._writing = False
        self.set_foot(RATE, "")
        self._show_variant()
        self._show_origin()
        self._show_preset_rate()

    def _build_method_fields(self, method_id: str) -> None:
        for grid in self._method_grids:
            grid.hide()
            grid.deleteLater()
        entry = method(method_id)
        self._method_fields = make_fields("method", entry.options)
        essential = [field for field in self._method_fields if field.info.level == "essential"]
        rest = [field for field in self._method_fields if field.info.level != "essential"]
        self._method_grids = [FieldGrid(essential, self), FieldGrid(rest, self)]
        self._method_top.addWidget(self._method_grids[0])
        self._method_rest.addWidget(self._method_grids[1])
        self._show_fields()
        for field in self._method_fields:
            field.set_fixed(self._is_fixed)
            if self._modules and isinstance(field.control.widget, ModuleChips):
                # The modules of the last plan, until the next plan.
                field.control.widget.offer(self._modules, ())
        self._listen(self._method_fields)
        group = translate(entry.group)
        # Lower case in English; other languages have their own rules.
        self._method_field.set_right(group.lower() if group == entry.group else group)

    def _show_preset_rate(self) -> None:
        """Show the preset's learning rate where none is set."""
        rate = self.field(RATE).control.widget
        entry = method(self._tables["method"]["id"])
        if isinstance(rate, FloatField) and self._family in entry.presets:
            preset = f"{entry.presets[self._family].learning_rate:g}"
            rate.setPlaceholderText(tr("{rate}, preset", rate=preset))

    def check(self) -> None:
        """Look for problems again: files come and go."""
        try:
            self._recipe = recipe.from_tables(self._tables)
            found = run_store.problems(self._recipe)
        except RecipeError as error:
            self._recipe, found = None, error.problems
        self._recipe = None if found else self._recipe
        self.show_problems(found)
