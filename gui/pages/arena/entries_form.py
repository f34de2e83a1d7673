"""The form of a new arena, or of more entries for an arena: what they share, which they are, and how long they take.

Reports the choices; `gui.pages.arena.arena_operations` plans them and makes the arena.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.api import METHODS, BaseFacts, Family, Problem, Recipe, RecipeError, arenas, method, recipe
from gui.forms import recipe_files, value_text
from gui.forms.choosers import BaseModelChooser, KnownSources, SourceChooser
from gui.forms.recipe_tables import on_base, with_other
from gui.forms.undo import FormUndo
from gui.inputs.choices import ToggleChips
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field, ProblemLine
from gui.inputs.number_inputs import IntField
from gui.look import style
from gui.look.format import about_text
from gui.look.language import sentences, tr, tr_count, translate
from gui.models.list_text import base_text, data_text
from gui.pages.train.method_chooser import reason
from gui.widgets.buttons import plain, primary, quiet
from gui.widgets.labels import Label
from gui.widgets.layouts import FlowBox, Line, Scroll, at_most_so_wide, fill, vbox

Values = dict[str, Any]

ALL, METHODS_CHOSEN, AS_IT_IS = "all", "methods", "recipe"
NAME, ENTRIES, SEEDS = "name", "entries", "seeds"
# How long each of a choice trains at first.
MINUTES_OF = {each.id: round(each.minutes) for each in arenas.PRESETS} | {
    METHODS_CHOSEN: round(arenas.MINUTES)
}
# The methods of a first comparison: the usual one, a far smaller one, and all weights.
FIRST_METHODS = ("lora", "ia3", "full")
# The method whose plan stands for all: it works on every base model.
PLANNED = "lora"


class EntriesForm(QWidget):
    """`made(name, changes, seeds)` requests an arena or more entries; `cancelled` closes the form.

    `file_wanted` asks for the form of an entry from a file. `plan_wanted(recipe)` asks for the plan of the first entry,
    None while there is none to plan; `left` ends that.

    `changes` is None for the current recipe unchanged, which must be comparable with the other entries.
    """

    made = Signal(str, object, int)
    cancelled = Signal()
    file_wanted = Signal()
    plan_wanted = Signal(object)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = Label("", "section", "text")
        self._about = Label("", "body", "muted", wrap=True)
        self.name = QLineEdit()
        self._name_field = Field(tr("&Name"), self.name)
        self.shared = SharedChoice()
        self.entries = ComboBox(_choices(with_recipe=True))
        self.entries_field = Field(tr("&Compare"), self.entries)
        self.methods = ToggleChips([(each.id, translate(each.title)) for each in METHODS], FIRST_METHODS)
        self._methods_field = Field(tr("Methods with their presets"), self.methods)
        self.seeds = IntField(1, arenas.MAX_SEEDS, 1)
        self._seeds_field = Field(
            tr("&Seeds"), self.seeds, tr("Trains each method once per seed, for mean, spread and interval.")
        )
        self._arena: arenas.Arena | None = None
        self._is_named = self._is_timed = False
        self._recipe_trains = True
        self._facts = BaseFacts()
        self._seconds: float | None = None
        self.refused = Label("", "label", "muted", wrap=True)
        self.time_text = Label("", "body", "text", wrap=True)
        self.problem = ProblemLine()
        self.make_button = primary(tr("Create the arena"), "plus", press=self._make)
        self.cancel_button = plain(tr("Cancel"), press=self.cancelled)
        self.file_button = quiet(tr("Add summaries from a file…"), "import", press=self.file_wanted)
        self.file_button.setToolTip(tr("Compare with another system's summaries"))
        scroll = Scroll(parent=self)
        fields = QWidget(scroll.content)
        style.scale(fields, QWidget.setMaximumWidth, 560)
        fields_in_order = (
            self.shared,
            self.entries_field,
            self._methods_field,
            self.refused,
            self._seeds_field,
            self._name_field,
        )
        vbox(self._title, self._about, *fields_in_order, of=fields, spacing=16)
        fill(scroll.column, at_most_so_wide(fields), 1)
        vbox((scroll, 1), Line(), self._foot(), of=self, spacing=0)
        self.undo = FormUndo(self, self.values(), self._take, self._places().get)
        self.name.textEdited.connect(self._on_named)
        self.shared.changed.connect(self._on_shared)
        self.entries.chosen.connect(lambda _key: self._on_entries())
        self.methods.changed.connect(lambda _on: self._changed(METHODS_CHOSEN))
        self.seeds.valueChanged.connect(lambda _number: self._changed(SEEDS))
        self._follow()

    def _foot(self) -> QWidget:
        foot = QWidget(self)
        buttons = FlowBox([self.make_button, self.cancel_button, self.file_button])
        vbox(self.time_text, self.problem, buttons, of=foot, margins=(24, 12, 24, 16), spacing=8)
        return foot

    def ask_for_arena(self, recipe: Recipe, *, is_current: bool = True) -> None:
        """Show the form of a new arena, which starts from `recipe`; `is_current`: it is that of the Train page."""
        self._arena = None
        self._recipe_trains = recipe.method.method.trains
        self._title.setText(tr("New arena"))
        self._about.setText(
            tr("All entries share the data and the Train page's prompt, epochs and scoring.")
            if is_current
            else tr("All entries share the data and the scoring.")
        )
        self.entries.set_items(_choices(with_recipe=is_current))
        self.shared.begin(recipe)
        self._is_named = False
        self._begin()

    def ask_for_entries(self, arena: arenas.Arena) -> None:
        self._arena = arena
        self._title.setText(tr("More entries for {arena}", arena=arena.name))
        self._about.setText(tr("They share everything but the method with the existing entries."))
        self.entries.set_items(_choices(with_recipe=True))
        self._begin()

    def _begin(self) -> None:
        new = self._arena is None
        for part in (self._name_field, self.shared):
            part.setVisible(new)
        self.file_button.setVisible(not new)
        self.make_button.setText(tr("Create the arena") if new else tr("Add entries"))
        self._facts, self._seconds = BaseFacts(), None
        self.shared.take({MINUTES: self._usual_minutes()})
        self._is_timed = False
        self.show_problem("")
        self._follow()
        self._ask_for_plan()
        self.undo.begin(self.values())

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.left.emit()

    # The plan

    def _ask_for_plan(self) -> None:
        """Ask for the plan of an entry: it tells which methods work, and how long each takes."""
        self._seconds = None
        try:
            tables = self._shared_recipe().as_tables() | {"name": "", "method": {"id": PLANNED}}
            tables["training"].pop("learning_rate", None)
            planned = recipe.from_tables(tables)
        except RecipeError as error:
            self.plan_wanted.emit(None)
            self.show_problems(error.problems)
            return
        self.time_text.setText(tr("Estimating the time…"))
        self.plan_wanted.emit(planned)

    def _shared_recipe(self) -> Recipe:
        return self._arena.recipe() if self._arena is not None else self.shared.recipe()

    def show_plan(self, plan: Mapping[str, Any]) -> None:
        self.show_problem("")
        self.shared.show_plan(plan)
        self._facts = BaseFacts(
            family=plan.get("family"),
            model_type=str(plan.get("model_type", "")),
            quantization=self._shared_recipe().base_model.quantization,
            biases=bool(plan.get("biases")),
        )
        self._seconds = plan.get("seconds")
        self._follow()

    def family(self) -> Family | None:
        """Return the family of the base model, None before a plan told it."""
        return self._facts.family

    def planned_seconds(self) -> float:
        """Return how long one run takes by the plan, 0 before there is one."""
        return self._seconds or 0.0

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show problems beside their fields, the others above the buttons."""
        # The fields of what is shared are those of a new arena.
        rest = problems if self._arena is not None else self.shared.show_problems(problems)
        self.time_text.setText("")
        self.show_problem(" ".join(sentences(each.message, each.hint) for each in rest[:3]))

    # Values

    def values(self) -> Values:
        return {
            **self.shared.values(),
            NAME: self.name.text(),
            ENTRIES: self.entries.key(),
            METHODS_CHOSEN: tuple(self.methods.on()),
            SEEDS: self.seeds.value(),
        }

    def restore(self, values: Mapping[str, Any]) -> None:
        """Restore values of an earlier start, as far as they are still valid."""
        on, known = values.get(METHODS_CHOSEN), [each.id for each in METHODS]
        minutes = values.get(MINUTES)
        restored: Values = {
            BASE: str(values.get(BASE, self.shared.base.key())),
            DATA: str(values.get(DATA, self.shared.data.key())),
            MINUTES: minutes if isinstance(minutes, int) else self.shared.minutes.value(),
            NAME: str(values.get(NAME, self.name.text())),
            ENTRIES: str(values.get(ENTRIES, "")),
            METHODS_CHOSEN: tuple(each for each in known if each in on) if isinstance(on, list) else (),
            SEEDS: seeds if isinstance(seeds := values.get(SEEDS), int) else 1,
        }
        self._take(restored)
        self._ask_for_plan()
        self.undo.begin(self.values())

    def _take(self, values: Values) -> None:
        if self.name.text() != values[NAME]:
            self.name.setText(str(values[NAME]))
        self.shared.take(values)
        self.entries.set_key(str(values[ENTRIES]))
        self._is_timed = values[MINUTES] != self._usual_minutes()
        self.methods.blockSignals(True)
        self.methods.set_on(values[METHODS_CHOSEN])
        self.methods.blockSignals(False)
        self.seeds.blockSignals(True)
        self.seeds.setValue(values[SEEDS])
        self.seeds.blockSignals(False)
        self._follow()

    def _places(self) -> dict[str, QWidget]:
        return {
            NAME: self.name,
            BASE: self.shared.base,
            DATA: self.shared.data,
            MINUTES: self.shared.minutes,
            ENTRIES: self.entries,
            METHODS_CHOSEN: self.methods,
            SEEDS: self.seeds,
        }

    def _changed(self, key: str) -> None:
        self._follow()
        self.undo.add(self.values(), key)

    def _on_named(self, _text: str) -> None:
        self._is_named = True
        self.undo.add(self.values(), NAME, typed=True)

    def _usual_minutes(self) -> int:
        key = self.entries.key()
        return self.shared.own_minutes() if key == AS_IT_IS else MINUTES_OF[key]

    def _on_shared(self, key: str) -> None:
        if key == MINUTES:
            self._is_timed = True
        else:
            self._facts = BaseFacts()
        self._changed(key)
        self._ask_for_plan()

    def _on_entries(self) -> None:
        if not self._is_timed:
            self.shared.take({MINUTES: self._usual_minutes()})
        self._changed(ENTRIES)
        self._ask_for_plan()

    def show_problem(self, message: str) -> None:
        """Show an error; "" hides it."""
        self.problem.show_problem(message)

    def changes(self) -> list[arenas.Change] | None:
        """Return the changes of each entry to the recipe; None for the unchanged recipe."""
        key = self.entries.key()
        if key == AS_IT_IS:
            return None
        if key != METHODS_CHOSEN:
            return list(arenas.preset(key).changes)
        on = set(self.methods.on())
        return [arenas.at_preset(each) for each in METHODS if each.id in on]

    def _follow(self) -> None:
        key, changes = self.entries.key(), self.changes()
        reasons = {each.id: why for each in METHODS if (why := reason(each, self._facts))}
        self.methods.set_refused(reasons)
        self._methods_field.setVisible(key == METHODS_CHOSEN)
        if not self._is_named and self._arena is None:
            base, data = base_text(self.shared.base.key()), data_text(self.shared.data.key())
            self.name.setText(tr("{data} with {base}", data=data, base=base))
        made = [{}] if changes is None else changes
        count = sum(self._runs(each) for each in made)
        running = sum(self._runs(each) for each in made if _method_id(each) not in reasons)
        summaries = {each.id: translate(each.summary) for each in arenas.PRESETS}
        about = {METHODS_CHOSEN: "", AS_IT_IS: tr("The recipe on the Train page")} | summaries
        entries = tr_count(count, "{n} entry", "{n} entries")
        self.entries_field.set_helper_text(f"{about[key]}. {entries}." if about[key] else entries)
        refused = reasons if key in (METHODS_CHOSEN, ALL) else {}
        lines = [f"{translate(method(each).title)}: {why}" for each, why in refused.items()]
        self.refused.setText("\n".join([tr("Can't run on this base model:"), *lines]))
        self.refused.setVisible(bool(lines))
        self._show_time(running)
        self.make_button.setEnabled(count > 0)

    def _show_time(self, running: int) -> None:
        if self._seconds is None or not running:
            self.time_text.setText("")
            return
        self.time_text.setText(
            tr_count(
                running,
                "{n} run takes {time}, scoring included.",
                "{n} runs take {time}, scoring included.",
                time=about_text(running * self._seconds),
            )
        )

    def _runs(self, change: arenas.Change) -> int:
        """Return the number of runs of an entry: one for each seed; a prompt has no seeds."""
        method_id = _method_id(change)
        trains = method(method_id).trains if method_id else self._recipe_trains
        return self.seeds.value() if trains else 1

    def _make(self) -> None:
        self.made.emit(" ".join(self.name.text().split()), self.changes(), self.seeds.value())


def _choices(*, with_recipe: bool) -> list[tuple[str, str]]:
    choices = [(METHODS_CHOSEN, tr("Chosen methods"))]
    choices += [(each.id, translate(each.title)) for each in arenas.PRESETS]
    return [*choices, (AS_IT_IS, tr("The current recipe"))] if with_recipe else choices


def _method_id(change: arenas.Change) -> str:
    return str(change.get("method", {}).get("id", ""))


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
