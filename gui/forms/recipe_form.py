"""The form of a recipe: fields by level, with problems beside them.

All fields derive from the engine's declarations. Values without a field are preserved. Knows no runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.api import (
    STARTER,
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
from gui.core.preferences import SavedState
from gui.forms import recipe_fields, value_text
from gui.forms.choosers import BaseModelChooser, KnownSources, SourceChooser
from gui.forms.form_layout import (
    COLUMNS,
    LENGTH,
    LEVELS,
    PROMPT,
    FollowedNotice,
    FormField,
    FormLayout,
    make_fields,
    nearest,
)
from gui.forms.prompt_editor import PromptEditor
from gui.forms.recipe_fields import START_FROM, MethodField, StartFromField, VariantField
from gui.forms.recipe_tables import (
    TABLES,
    KeptSettings,
    complete,
    copied,
    from_text,
    preset,
    text_of,
    with_methods,
    with_other,
)
from gui.forms.undo import FormUndo
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field
from gui.inputs.number_inputs import FloatField
from gui.look.format import plain
from gui.look.language import tr, translate

# Tables with an option that others follow. It has a hint from the plan.
LEADERS = {"base_model": "id", "data": "source"}
RATE = "training.learning_rate"
# A learning rate that is so many times larger or smaller than the preset gets a hint.
MAX_FROM_PRESET = 4
# Keys of changes that affect more than one field.
METHOD, VARIANT = "method", "variant"


class RecipeForm(QWidget):
    """Edits a recipe. `edited` is emitted with every change; `recipe()` is the result, None if it has problems."""

    edited = Signal()

    def __init__(
        self, effect: QWidget, preview: QWidget | None = None, parent: QWidget | None = None
    ) -> None:
        """Build the form; `effect` is shown below the method's fields, `preview` below the training's length."""
        super().__init__(parent)
        self._tables: dict[str, Any] = {}
        self._recipe: Recipe | None = None
        self._problems: tuple[Problem, ...] = ()
        self._family: Family = "encoder-decoder"
        self._leaders, self._planned_base = list[Any](), BaseFacts()
        self._modules: dict[str, int] = {}
        # Fields that are shown though they are not of the level.
        self._level, self._recalled, self._search = LEVELS[0], set[str](), ""
        self._writing = self._is_read_only = False
        self._kept = KeptSettings()
        self.followed = FollowedNotice()
        self.followed.acted.connect(self._take_back)
        self._fields = {table: make_fields(table, declaration) for table, declaration in TABLES.items()}
        self.method_fields: list[FormField] = []
        self.method_field = MethodField()
        self.method_field.chosen.connect(self._choose_card)
        self.variant = VariantField()
        self.variant.chosen.connect(self.choose_variant)
        self.start_from = StartFromField()
        self.start_from.chosen.connect(self._choose_origin)
        # Fields that show more than one option, by the keys of problems and changes.
        self._wholes: dict[str, Field] = {METHOD: self.method_field, f"{METHOD}.id": self.method_field}
        self._wholes |= {VARIANT: self.variant, START_FROM: self.start_from}
        heads = (self.followed, self.method_field, self.variant, self.start_from)
        self._layout = FormLayout(self, self._fields, heads, effect, preview)
        self.length = self._layout.length
        self._show_fields()
        for key in LEADERS.items():
            around = self.field(".".join(key)).around
            assert isinstance(around, Field)
            around.keep_helper_text()
        for fields in self._fields.values():
            self._listen(fields)
        self.undo = FormUndo(self, self.tables(), self._go_back_to, self._show_field)
        SavedState(self, "recipe", self.draft, self.restore_draft)

    def set_recipe(self, wanted: Recipe) -> None:
        """Show a recipe; the prompt is shown with a sample until `show_plan`."""
        self._kept.forget_presumed()
        self._set_tables(wanted.as_tables())
        self._recall_limits()
        self._show_fields()
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
        return self._problems

    def method_id(self) -> str:
        return str(self._tables["method"]["id"])

    def family(self) -> Family:
        """Return the base model's family, if a plan has reported it."""
        return self._family

    def base_facts(self) -> BaseFacts:
        quantization = self._tables["base_model"]["quantization"]
        return replace(self._planned_base, family=self._family, quantization=quantization)

    def set_values(self, table: str, values: dict[str, Any]) -> None:
        if LEADERS.get(table) in values:
            self._take_other(table, values)
            return
        before = self._tables.get(table, {})
        differing = next((name for name in values if values[name] != before.get(name)), next(iter(values)))
        self._set_tables(self.tables() | {table: before | values})
        self._report_edit(f"{table}.{differing}")

    def _take_other(self, table: str, values: dict[str, Any]) -> None:
        """Take another base model or other data, set anew what was chosen for the former, and say so."""
        before = self.tables()
        if table == "data":
            found = with_other(before, table, values)
        elif values["id"] == before[table]["id"]:
            found = before | {table: before[table] | values}
        else:
            found = self._kept.take_base(before, values, self._family)
        self._set_tables(found)
        self._recall_limits()
        self._show_fields()
        self._report_edit(f"{table}.{LEADERS[table]}")
        self.followed.show_changes(table, values, before, self._tables)

    def _learn(self, family: Family) -> None:
        """Take the family that a plan has found, with the method's preset for it where another one was presumed."""
        found = self._kept.learn(self.tables(), replace(self.base_facts(), family=family), self._family)
        self._family = family
        if found != self._tables:
            before = self.followed.before
            self._set_tables(found)
            self._report_edit("base_model.id")
            self.followed.show_changes("base_model", {}, before, found)

    def _take_back(self) -> None:
        """Bring back the base model or the data before, with what was chosen for it."""
        before, leader = self.followed.before, self.followed.leader
        self._set_tables(copied(before))
        key = f"{leader}.{LEADERS[leader]}"
        self.field(key).control.widget.setFocus()
        self._report_edit(key)

    def choose_method(self, method_id: str) -> None:
        """Switch to another method, with its earlier values, or else with its preset and the preset's learning rate."""
        before = self._tables["method"]
        if method_id == before["id"]:
            return
        rate = self._tables["training"].get("learning_rate")
        self._set_tables(self._kept.take_method(self.tables(), method_id, self._family))
        if before.get("start_from"):
            name = self.start_from.name_of(before["start_from"])
            text = tr("{name} was trained with another method and was removed.", name=name)
            self.start_from.set_helper_text(text)
            self.start_from.show()
        if rate is not None and "learning_rate" not in self._tables["training"]:
            title = translate(method(before["id"]).title)
            self.set_helper_text(RATE, tr("{method} used {rate}", rate=plain(rate), method=title))
        self._report_edit(METHOD)

    def choose_variant(self, variant_id: str) -> None:
        """Set the options of a variant of the method, or of its standard form with ""."""
        if self._is_read_only:
            return
        entry = method(self.method_id())
        self._set_tables(complete(variants.changed(entry, variant_id, self.tables(), self._family)))
        self._report_edit(VARIANT)

    def _choose_card(self, method_id: str, variant_id: str) -> None:
        """Choose a method and its variant; what the variant before has set for the base model goes with it."""
        if self.method_id() != method_id and self._variant():
            self.choose_variant(variants.STANDARD)
        self.choose_method(method_id)
        if self._variant() != variant_id:
            self.choose_variant(variant_id)

    def _variant(self) -> str | None:
        return variants.current(method(self.method_id()), self._tables, self._family)

    def _show_variant(self) -> None:
        entry, shown = method(self.method_id()), self._variant()
        self.variant.show_variant(entry, shown)
        self.variant.setVisible(bool(entry.variants) and self._level != LEVELS[0])
        self.method_field.show_method(entry.id, shown)

    def _choose_origin(self, adapter_id: str) -> None:
        if not self._is_read_only and adapter_id != self._tables["method"].get("start_from", ""):
            self.set_values("method", {"start_from": adapter_id})

    def _show_origin(self) -> None:
        """Show the adapter to start from: always if set, else on the level "advanced"."""
        table = self._tables["method"]
        adapter_id = str(table.get("start_from", ""))
        self.start_from.set_helper_text("")
        self.start_from.show_origin(str(self._tables["base_model"]["id"]), str(table["id"]), adapter_id)
        self.start_from.setVisible(bool(adapter_id) or self._level != LEVELS[0])

    def with_each_method(self) -> dict[str, Recipe]:
        """Return this recipe with every method that works with its base model, each as `choose_method` sets it."""
        return with_methods(self.tables(), self._family, self._settings_of)

    def _settings_of(self, method_id: str) -> dict[str, Any]:
        """Return the settings of the method in use, those that another had when it was used, else its preset."""
        if method_id == self.method_id():
            return dict(self._tables["method"])
        settings: dict[str, Any] = self._kept.with_method(self._tables, method_id, self._family)["method"]
        return settings

    def set_level(self, level: str) -> None:
        self._level, self._search = level, ""
        self._recall_limits()
        self._show_fields()
        if self._tables:
            self._show_origin()
            self._show_variant()

    def _recall_limits(self) -> None:
        """Show on every level what ends a run, which one that hides could not explain; hide what else was recalled."""
        training = self._tables.get("training", {})
        self._recalled = {key for key in LENGTH if training.get(key.partition(".")[2])}

    def search(self, text: str) -> None:
        """Show only the settings that a text is found in; all of the level with ""."""
        self._search = text.strip().casefold()
        self._show_fields()

    def _show_fields(self) -> None:
        is_prompt = bool(self._tables) and not method(self.method_id()).trains
        self._layout.show_where(self._is_wanted, is_prompt=is_prompt, is_search=bool(self._search))

    def _is_wanted(self, field: FormField) -> bool:
        """Return whether a field is shown: by a search, by its level, or because the method is prompt-only."""
        if self._search:
            return field.is_found(self._search)
        if self._tables and not method(self.method_id()).trains:
            if field.key in PROMPT:
                return True
            if field.table == "training" and field.info.name not in TrainingOptions.without_training:
                return False
        return field.is_of(self._level) or field.key in self._recalled

    def set_read_only(self, read_only: bool) -> None:
        self._is_read_only = read_only
        self.undo.lock(read_only)
        for whole in (self.method_field, self.variant, self.start_from):
            whole.set_read_only(read_only)
        for field in self.all_fields():
            field.set_read_only(read_only)

    def show_problems(self, problems: Sequence[Problem]) -> list[Problem]:
        """Show problems beside their fields, of whatever level; return those without a field on the form."""
        self._problems = tuple(problems)
        fields = {field.key: field for field in self.all_fields()}
        for field in fields.values():
            field.set_problem()
        self.method_field.set_problem()
        self.start_from.set_problem()
        homeless = []
        for problem in problems:
            key = nearest(problem.field, fields)
            if key in fields:
                fields[key].set_problem(problem.message, problem.hint)
            elif problem.field in self._wholes:
                whole = self._wholes[problem.field]
                whole.set_problem(translate(problem.message), translate(problem.hint))
                whole.show()
            else:
                homeless.append(problem)
        self._recall({nearest(problem.field, fields) for problem in problems} & fields.keys())
        return homeless

    def _recall(self, keys: set[str]) -> None:
        """Show fields, even if they are not of the level shown, until another level is chosen."""
        if COLUMNS & keys:
            keys = keys | COLUMNS
        if not keys <= self._recalled:
            self._recalled |= keys
            self._show_fields()

    def show_plan(self, plan: dict[str, Any]) -> None:
        """Show the plan's facts about base model and data below their fields."""
        model_type, biases = str(plan.get("model_type", "")), bool(plan.get("biases"))
        self._planned_base = BaseFacts(model_type=model_type, biases=biases)
        if "family" in plan:
            self._learn(plan["family"])
        feet = value_text.plan_feet(plan, self._family, self._tables)
        for key, text in feet.items():
            self.set_helper_text(key, text)
        self.length.show_plan(plan, self._tables["training"])
        self._show_prompt(plan.get("prompt"))
        self._modules = plan.get("modules") or {}
        recipe_fields.offer_modules(self.method_fields, plan)
        self._show_presets()

    def _show_prompt(self, filling: Mapping[str, Any] | None) -> None:
        self.prompt_editor().show_filling(filling)
        for key, text in value_text.prompt_feet(filling, trains=method(self.method_id()).trains).items():
            self.set_helper_text(key, text)

    def offer_devices(self, devices: Sequence[dict[str, Any]]) -> None:
        choice = self.field("training.device").control.widget
        assert isinstance(choice, ComboBox)
        recipe_fields.offer_devices(choice, devices)

    def set_helper_text(self, key: str, text: str) -> None:
        field = self.field(key)
        if isinstance(field.around, Field):
            field.around.set_helper_text(text)

    def field(self, key: str) -> FormField:
        """Return the field of a dotted key. Raises KeyError if the form has none."""
        return {field.key: field for field in self.all_fields()}[key]

    def base_model_chooser(self) -> BaseModelChooser:
        chooser = self.field("base_model.id").control.widget
        assert isinstance(chooser, BaseModelChooser)
        return chooser

    def offer_known(self, known: KnownSources) -> None:
        for key in LEADERS.items():
            chooser = self.field(".".join(key)).control.widget
            assert isinstance(chooser, (BaseModelChooser, SourceChooser))
            chooser.offer_known(known)

    def prompt_editor(self) -> PromptEditor:
        editor = self.field("data.prompt").control.widget
        assert isinstance(editor, PromptEditor)
        return editor

    def all_fields(self) -> Iterable[FormField]:
        for fields in self._fields.values():
            yield from fields
        yield from self.method_fields

    def _listen(self, fields: Iterable[FormField]) -> None:
        for field in fields:
            field.control.changed.connect(lambda *_value, field=field: self._changed(field))

    def _changed(self, field: FormField) -> None:
        if self._writing or self._is_read_only:
            return
        value = field.control.read()
        if LEADERS.get(field.table) == field.info.name:
            self._take_other(field.table, {field.info.name: value})
            return
        self.followed.hide()
        table = self._tables.setdefault(field.table, {})
        if value is None:
            table.pop(field.info.name, None)
        else:
            table[field.info.name] = list(value) if isinstance(value, tuple) else value
        if field.key == RATE:
            self.set_helper_text(RATE, "")
            self._show_presets()
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
        if key in self._wholes:
            return self._wholes[key]
        found = next((field for field in self.all_fields() if field.key == key), None)
        if found is not None and not self._is_wanted(found):
            self._recall({key})
        return found.around if found is not None else None

    def draft(self) -> str:
        """Return the recipe being edited, complete or not; "" for the recipe of a run."""
        return "" if self._is_read_only else text_of(self._tables)

    def restore_draft(self, text: str) -> None:
        """Show the recipe of an earlier start; leave the form unchanged if it can't be shown."""
        before = self.tables()
        try:
            self._go_back_to(from_text(text))
        except (ValueError, TypeError, KeyError, AttributeError):
            self._go_back_to(before)
        self.undo.begin(self.tables())

    def _set_tables(self, tables: dict[str, Any]) -> None:
        self.followed.hide()
        previous = self._tables.get("method", {}).get("id")
        leaders = [tables[table].get(name) for table, name in LEADERS.items()]
        if tables["base_model"]["id"] != self._tables.get("base_model", {}).get("id"):
            self._family = self._kept.family(tables["base_model"]["id"]) or self._family
        self._tables = tables
        self._writing = True
        if tables["method"]["id"] != previous:
            self._build_method_fields(tables["method"]["id"])
        for field in self.all_fields():
            value = tables.get(field.table, {}).get(field.info.name)
            if value is not None or field.info.optional:
                field.control.write(value)
        self._writing = False
        if leaders != self._leaders:
            self._leaders, self._planned_base, self._modules = leaders, BaseFacts(), {}
            for key, text in value_text.plan_feet({}, self._family, tables).items():
                self.set_helper_text(key, text)
            recipe_fields.forget_modules(self.method_fields)
        self.set_helper_text(RATE, "")
        self._show_variant()
        self._show_origin()
        self._show_presets()

    def _build_method_fields(self, method_id: str) -> None:
        entry = method(method_id)
        self.method_fields = make_fields("method", entry.options)
        self._layout.take_method(self.method_fields)
        self._show_fields()
        for field in self.method_fields:
            field.set_read_only(self._is_read_only)
        if self._modules:  # Those of the last plan, until the next.
            recipe_fields.offer_modules(self.method_fields, {"modules": self._modules})
        self._listen(self.method_fields)

    def _show_presets(self) -> None:
        """Show the preset's learning rate where none is set, and offer its layers as the default."""
        recipe_fields.offer_default(self.method_fields, preset(self.method_id(), self._family))
        rate = self.field(RATE).control.widget
        assert isinstance(rate, FloatField)
        presets = method(self.method_id()).presets
        usual = presets.get(self._family, next(iter(presets.values()))).learning_rate
        rate.setPlaceholderText(tr("{rate}, preset", rate=f"{usual:g}"))
        chosen = rate.value()
        # The practice model is so small that no preset is meant for it.
        if chosen and usual and self._tables["base_model"]["id"] != STARTER:
            far = max(chosen / usual, usual / chosen) > MAX_FROM_PRESET
            self.set_helper_text(RATE, tr("Far from the preset, {rate}", rate=f"{usual:g}") if far else "")

    def check(self) -> None:
        """Look for problems again: files come and go."""
        try:
            self._recipe = recipe.from_tables(self._tables)
            found = run_store.problems(self._recipe)
        except RecipeError as error:
            self._recipe, found = None, error.problems
        self._recipe = None if found else self._recipe
        self.show_problems(found)
