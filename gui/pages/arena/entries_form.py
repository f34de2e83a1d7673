"""The form of a new arena, or of more entries for an arena.

Reports the choices; the page makes the arena.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.api import METHODS, Recipe, arenas, method
from gui.forms.undo import FormUndo
from gui.inputs.chips import ToggleChips
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field, ProblemLine
from gui.inputs.number_inputs import IntField
from gui.look.fonts import px
from gui.look.language import tr, tr_count, translate
from gui.models.list_text import base_text, data_text
from gui.widgets.buttons import plain, primary, quiet
from gui.widgets.labels import Label
from gui.widgets.scroll import Scroll, at_most_so_wide

Values = dict[str, Any]

METHODS_CHOSEN, AS_IT_IS = "methods", "recipe"
NAME, ENTRIES, SEEDS = "name", "entries", "seeds"
WIDTH = 560


class EntriesForm(QWidget):
    """`made(name, changes, seeds)` requests an arena or more entries; `cancelled` closes the form.

    `file_wanted` asks for the form of an entry from a file.

    `changes` is None for the current recipe unchanged, which must be comparable with the other entries.
    """

    made = Signal(str, object, int)
    cancelled = Signal()
    file_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = Label("", "section", "ink")
        self._about = Label("", "body", "ink2", wrap=True)
        self.name = QLineEdit()
        self._name_field = Field(tr("&Name"), self.name)
        choices = [(each.id, translate(each.title)) for each in arenas.PRESETS]
        choices += [(METHODS_CHOSEN, tr("Chosen methods")), (AS_IT_IS, tr("The current recipe"))]
        self.entries = ComboBox(choices)
        self._entries_field = Field(tr("&Compare"), self.entries)
        self.methods = ToggleChips([(each.id, translate(each.title)) for each in METHODS], ["lora"])
        self._methods_field = Field(tr("Methods, each with its preset"), self.methods)
        self.seeds = IntField(1, arenas.MAX_SEEDS, 1)
        self._seeds_field = Field(
            tr("&Seeds"),
            self.seeds,
            tr(
                "Trains each method once with each seed: the table has their mean, their spread, and an interval over "
                "seeds and conversations. Three are a good start."
            ),
        )
        self._recipe_trains = True
        self._problem = ProblemLine()
        self.make_button = primary(tr("Create the arena"), "plus")
        self.cancel_button = plain(tr("Cancel"))
        self.file_button = quiet(tr("Add summaries from a file…"), "import")
        self.file_button.setToolTip(tr("Compare the entries with what another system wrote"))
        self._lay_out()
        self.undo = FormUndo(self, self.values(), self._take, self._places().get)
        self.name.textEdited.connect(lambda _text: self.undo.add(self.values(), NAME, typed=True))
        self.entries.chosen.connect(lambda _key: self._changed(ENTRIES))
        self.methods.changed.connect(lambda _on: self._changed(METHODS_CHOSEN))
        self.seeds.valueChanged.connect(lambda _number: self._changed(SEEDS))
        self.make_button.clicked.connect(self._make)
        self.cancel_button.clicked.connect(self.cancelled)
        self.file_button.clicked.connect(self.file_wanted)
        self._follow()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.make_button)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.file_button)
        buttons.addStretch(1)
        scroll = Scroll(parent=self)
        fields = QWidget(scroll.content)
        fields.setMaximumWidth(px(WIDTH))
        parts = QVBoxLayout(fields)
        parts.setContentsMargins(0, 0, 0, 0)
        parts.setSpacing(16)
        fields_in_order = (self._name_field, self._entries_field, self._methods_field, self._seeds_field)
        for part in (self._title, self._about, *fields_in_order):
            parts.addWidget(part)
        parts.addWidget(self._problem)
        parts.addLayout(buttons)
        scroll.column.addLayout(at_most_so_wide(fields))
        scroll.column.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll)

    def ask_for_arena(self, recipe: Recipe) -> None:
        """Show the form of a new arena; its entries share base model, data, prompt and scoring of `recipe`."""
        self._recipe_trains = recipe.method.method.trains
        base, data = base_text(recipe.base_model.id), data_text(recipe.data.source)
        self._title.setText(tr("A new arena"))
        self._about.setText(
            tr(
                "All entries share the base model ({base}), the data ({data}), the prompt, the scoring and "
                "the first seed of the recipe on the Train page. To use others, change that recipe first.",
                base=base,
                data=data,
            )
        )
        self.name.setText(tr("{data} with {base}", data=data, base=base))
        self._begin(new=True)

    def ask_for_entries(self, arena: arenas.Arena) -> None:
        """Show the form of more entries for an arena."""
        self._title.setText(tr("More entries for {arena}", arena=arena.name))
        self._about.setText(
            tr("They share the base model, data, prompt, scoring and seed of the existing entries.")
        )
        self._begin(new=False)

    def _begin(self, *, new: bool) -> None:
        self._name_field.setVisible(new)
        self.file_button.setVisible(not new)
        self.make_button.setText(tr("Create the arena") if new else tr("Add entries"))
        self.show_problem("")
        self._follow()
        self.undo.begin(self.values())

    # Values

    def values(self) -> Values:
        """Return all values of the form."""
        return {
            NAME: self.name.text(),
            ENTRIES: self.entries.key(),
            METHODS_CHOSEN: tuple(self.methods.on()),
            SEEDS: self.seeds.value(),
        }

    def restore(self, values: Mapping[str, Any]) -> None:
        """Restore values of an earlier start, as far as they are still valid."""
        on, known = values.get(METHODS_CHOSEN), [each.id for each in METHODS]
        restored: Values = {
            NAME: str(values.get(NAME, self.name.text())),
            ENTRIES: str(values.get(ENTRIES, "")),
            METHODS_CHOSEN: tuple(each for each in known if each in on) if isinstance(on, list) else (),
            SEEDS: seeds if isinstance(seeds := values.get(SEEDS), int) else 1,
        }
        self._take(restored)
        self.undo.begin(self.values())

    def _take(self, values: Values) -> None:
        if self.name.text() != values[NAME]:
            self.name.setText(str(values[NAME]))
        self.entries.set_key(str(values[ENTRIES]))
        self.methods.blockSignals(True)
        self.methods.set_on(values[METHODS_CHOSEN])
        self.methods.blockSignals(False)
        self.seeds.blockSignals(True)
        self.seeds.setValue(values[SEEDS])
        self.seeds.blockSignals(False)
        self._follow()

    def _places(self) -> dict[str, QWidget]:
        return {NAME: self.name, ENTRIES: self.entries, METHODS_CHOSEN: self.methods, SEEDS: self.seeds}

    def _changed(self, key: str) -> None:
        self._follow()
        self.undo.add(self.values(), key)

    def show_problem(self, message: str) -> None:
        """Show an error; "" hides it."""
        self._problem.show_problem(message)

    def changes(self) -> list[arenas.Change] | None:
        """Return the changes of each entry to the recipe; None for the unchanged recipe."""
        key = self.entries.key()
        if key == AS_IT_IS:
            return None
        if key == METHODS_CHOSEN:
            on = set(self.methods.on())
            return [arenas.at_preset(each) for each in METHODS if each.id in on]
        return list(arenas.preset(key).changes)

    def _follow(self) -> None:
        key, changes = self.entries.key(), self.changes()
        self._methods_field.setVisible(key == METHODS_CHOSEN)
        made = [{}] if changes is None else changes
        count = sum(self.seeds.value() if self._trains(each) else 1 for each in made)
        entries = tr_count(count, "{n} entry", "{n} entries")
        summaries = {each.id: each.summary for each in arenas.PRESETS}
        feet = {METHODS_CHOSEN: entries, AS_IT_IS: f"{tr('The recipe on the Train page')}. {entries}."}
        self._entries_field.set_foot(feet.get(key) or f"{translate(summaries[key])}. {entries}.")
        self.make_button.setEnabled(count > 0)

    def _trains(self, change: arenas.Change) -> bool:
        """Return whether an entry trains; a prompt has no seeds."""
        return method(change["method"]["id"]).trains if "method" in change else self._recipe_trains

    def _make(self) -> None:
        self.made.emit(" ".join(self.name.text().split()), self.changes(), self.seeds.value())
