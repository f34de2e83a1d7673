"""The selected run of the history, its name, facts and actions; or several selected runs.

Reports clicks; the page acts on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from engine.api import Recipe, RunEntry
from gui.forms.value_text import value_text
from gui.look.format import number_text
from gui.look.language import tr, tr_count, translate
from gui.models.list_text import base_text, data_text, moment_text
from gui.models.run_table import started
from gui.widgets.buttons import IconButton, plain, primary
from gui.widgets.labels import ElidedLabel
from gui.widgets.layouts import Line, hbox, vbox

Fact = tuple[str, str]
MAX_TARGETS = 4


class RunDetails(QWidget):
    """Shows one run. The signals are named after the buttons."""

    open_pressed = Signal()
    edit_pressed = Signal()
    folder_pressed = Signal()
    more_pressed = Signal()
    compare_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._entry: RunEntry | None = None
        self._name = ElidedLabel("", "section", "text")
        self._about = ElidedLabel("", "label", "muted")
        self.open_button = primary(tr("Open"), "arrow-right")
        self.edit_button = plain(tr("New run from these settings"), "copy")
        self.folder_button = plain(tr("Open folder"), "folder")
        self.more_button = IconButton("more", tr("More"))
        self.compare_button = primary(tr("Compare"))
        self._facts = [_FactView() for _ in range(6)]
        self._lay_out()
        for button, signal in (
            (self.open_button, self.open_pressed),
            (self.edit_button, self.edit_pressed),
            (self.folder_button, self.folder_pressed),
            (self.more_button, self.more_pressed),
            (self.compare_button, self.compare_pressed),
        ):
            button.clicked.connect(signal)

    def _lay_out(self) -> None:
        head = hbox((vbox(self._name, self._about, spacing=2), 1), spacing=8)
        self._of_one = (self.open_button, self.edit_button, self.folder_button, self.more_button)
        for button in (*self._of_one, self.compare_button):
            head.addWidget(button)
        self.compare_button.hide()
        facts = QHBoxLayout()
        facts.setSpacing(16)
        for view, stretch in zip(self._facts, (5, 6, 6, 4, 5, 2), strict=True):
            facts.addWidget(view, stretch)
        vbox(Line(), head, facts, of=self, margins=(0, 0, 0, 8), spacing=14)

    def entry(self) -> RunEntry | None:
        return self._entry

    def show_entry(self, entry: RunEntry) -> None:
        self._entry = entry
        self._name.setText(entry.name)
        self._about.setText(_about(entry))
        facts = run_facts(entry)
        for view, fact in zip(self._facts, facts, strict=True):
            view.show_fact(fact)
        for button in (self.open_button, self.edit_button):
            button.setEnabled(entry.recipe is not None)
        self._show_buttons(several=False)

    def show_several(self, entries: Sequence[RunEntry], *, comparable: bool) -> None:
        """Show that several runs are selected, and offer to compare those whose adapters can be."""
        self._name.setText(tr_count(len(entries), "{n} run selected", "{n} runs selected"))
        self._about.setText(
            tr("Compare their scores and settings")
            if comparable
            else tr("Select two to six runs with adapters to compare them")
        )
        for view in self._facts:
            view.show_fact(("", ""))
        self.compare_button.setEnabled(comparable)
        self._show_buttons(several=True)

    def _show_buttons(self, *, several: bool) -> None:
        for button in self._of_one:
            button.setVisible(not several)
        self.compare_button.setVisible(several)

    def about(self) -> str:
        """Return the line below the name."""
        return self._about.text()

    def facts(self) -> list[Fact]:
        return run_facts(self._entry) if self._entry is not None else []


class _FactView(QWidget):
    """A label and the value below it."""

    def __init__(self) -> None:
        super().__init__()
        self._label = ElidedLabel("", "label", "muted")
        self._value = ElidedLabel("", "body_medium", "text")
        vbox(self._label, self._value, of=self, spacing=2)

    def show_fact(self, fact: Fact) -> None:
        self._label.setText(fact[0])
        self._value.setText(fact[1])
        self.setAccessibleName(f"{fact[0]}: {fact[1]}")


def _about(entry: RunEntry) -> str:
    if entry.error or entry.failure_message:
        return translate(entry.error or entry.failure_message)
    when = moment_text(started(entry), datetime.now(UTC))
    if entry.attempts < 2:
        return tr("Started {when}. Open it for plot and samples", when=when)
    return tr_count(
        entry.attempts,
        "Started {when}, {n} attempt. Open it to see its plot and samples",
        "Started {when}, {n} attempts. Open it for plot and samples",
        when=when,
    )


def run_facts(entry: RunEntry) -> list[Fact]:
    """Return six facts about a run."""
    if entry.recipe is None:
        return [("", "")] * 6
    recipe = entry.recipe
    data = [data_text(recipe.data.source)]
    if entry.examples:
        data.append(number_text(entry.examples))
    if entry.excluded:
        data.append(tr("{count} excluded", count=number_text(entry.excluded)))
    step, total = number_text(entry.adapter_step), number_text(entry.total_steps)
    saved_step = tr("{step} of {total}", step=step, total=total) if entry.adapter_id else "–"
    return [
        (tr("Data"), ", ".join(data)),
        (tr("Method"), _method(recipe)),
        (tr("Base model"), base_text(recipe.base_model.id)),
        (tr("Precision"), entry.precision or value_text(recipe.base_model.precision)),
        (tr("Saved step"), saved_step),
        (tr("Seed"), str(recipe.training.seed)),
    ]


def _method(recipe: Recipe) -> str:
    method = recipe.method.method
    targets = recipe.method.as_table().get("target_modules") or ()
    shown = ", ".join(targets[:MAX_TARGETS]) + ("…" if len(targets) > MAX_TARGETS else "")
    return ", ".join(
        filter(None, (translate(method.title), translate(method.short(recipe.method.options)), shown))
    )
