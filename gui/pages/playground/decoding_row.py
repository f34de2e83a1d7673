"""The decoding options: a preset and the longest summary, all other options on demand, and the prompt.

The fields are made from `SummarizeOptions`; presets are built in or saved.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from engine.api import (
    AppError,
    FileKind,
    Problem,
    StorageError,
    SummarizeOptions,
    decoding,
    describe,
    exports,
    files,
    foreign_files,
    options,
    paths,
    prompts,
)
from gui.forms.form_layout import FormField, make_field
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field, NameRow
from gui.look import style
from gui.look.fonts import px
from gui.look.language import mark, tr, translate
from gui.widgets.buttons import IconButton, link, open_below
from gui.widgets.labels import Label
from gui.widgets.layouts import FlowBox, hbox, vbox

# The key of options without a preset; no preset's name begins with a space.
OWN = " own"
FIRST = "max_new_tokens"
RUNTIME = "runtime"
Refusals = Callable[[SummarizeOptions], list[Problem]]
FIELD_WIDTH = 160
AS_TRAINED = mark("As trained")
# The key of a prompt without a template; no template's name begins with a space.
WIDTH = 300


class DecodingRow(QWidget):
    """One row, and a field for every option below it if unfolded; `changed` reports any change."""

    changed = Signal()

    def __init__(
        self, presets: DecodingPresets | None = None, refusals: Refusals = decoding.problems
    ) -> None:
        """Lay out the fields; `refusals` returns the problems of options."""
        super().__init__()
        self._refusals = refusals
        # What the fields say, unless one is out of its bounds, and why it is refused.
        self._written: SummarizeOptions | None = None
        self._problems: list[Problem] = []
        self._presets = presets or DecodingPresets()
        self._valid = self._presets.last or SummarizeOptions()
        self._filling = False
        self.preset = ComboBox()
        self.more = IconButton("more", tr("Save or delete presets"), press=self._open_menu)
        self.unfold = link(tr("All options"), press=self._toggle)
        self.naming = NameRow(tr("Name of the preset"))
        self.fields: dict[str, FormField] = {
            info.name: make_field("", info) for info in describe(SummarizeOptions)
        }
        self.prompt = PromptField()
        self.all_fields = QWidget()
        chooser = QWidget()
        hbox(self.preset, self.more, of=chooser, spacing=4)
        chooser.setFocusProxy(self.preset)
        row = FlowBox([Field(tr("&Decoding"), chooser), self.fields[FIRST].around, self.unfold], 12)
        shown_fields = [field.around for name, field in self.fields.items() if name != FIRST]
        shown = FlowBox(shown_fields, 12, at_top=True)
        vbox(shown, self.prompt, of=self.all_fields, spacing=12)
        self.all_fields.hide()
        vbox(row, self.naming, self.all_fields, of=self, spacing=12)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.preset.setAccessibleName(tr("Decoding"))
        style.on_style_changed(self._restyle)
        self._connect()
        self.show_decoding(self._valid)

    def _restyle(self) -> None:
        self.preset.setFixedWidth(px(168))
        self.naming.setMaximumWidth(px(420))
        for field in self.fields.values():
            field.around.setFixedWidth(px(FIELD_WIDTH))
        self._fit_runtime()

    def _connect(self) -> None:
        self.preset.chosen.connect(self._take)
        self.naming.named.connect(self._save)
        self.naming.left.connect(self.more.setFocus)
        for field in self.fields.values():
            field.control.changed.connect(self._edited)

    # The values

    def decoding(self) -> SummarizeOptions:
        """Return the options; while a field is invalid, the last valid ones."""
        return self._valid

    @property
    def is_valid(self) -> bool:
        """Whether all fields are valid; the others show their problem."""
        return not any(
            isinstance(each.around, Field) and each.around.problem() for each in self.fields.values()
        )

    def show_decoding(self, shown: SummarizeOptions) -> None:
        self._filling = True
        for name, field in self.fields.items():
            field.control.write(getattr(shown, name))
        self._filling = False
        self._check()

    def set_piecewise(self, piecewise: bool) -> None:
        wanted: Literal["cut", "piecewise"] = "piecewise" if piecewise else "cut"
        if wanted != self._valid.long_conversations:
            self.show_decoding(self._valid.model_copy(update={"long_conversations": wanted}))

    def save_last(self) -> None:
        """Save the options for the next start. Raises StorageError."""
        self._presets.save_last(self._valid)

    def unfold_all(self, is_open: bool = True) -> None:
        """Show a field for every option, or only the row."""
        self.all_fields.setVisible(is_open)
        self.unfold.setText(tr("Fewer options") if is_open else tr("All options"))

    def _toggle(self) -> None:
        self.unfold_all(self.all_fields.isHidden())

    def _edited(self, *_value: Any) -> None:
        if not self._filling:
            self._check()

    def _check(self) -> None:
        """Read the fields, and show a problem beside the invalid ones."""
        values = {name: field.control.read() for name, field in self.fields.items()}
        found, problems = options.check(SummarizeOptions, values, "")
        self._written = found if isinstance(found, SummarizeOptions) else None
        if self._written is not None:
            problems = self._refusals(self._written)
        self._problems = problems
        for field in self.fields.values():
            field.set_problem()
        # Of several problems of a field, the first is shown.
        for problem in reversed(problems):
            self.fields[problem.field].set_problem(translate(problem.message), translate(problem.hint))
        if self._written is not None and not problems:
            self._valid = self._written
        if any(problem.field != FIRST for problem in problems):
            self.unfold_all()
        self._show_effects()
        # A choice of a runtime where there are two, or where a preset or the history brought another.
        is_own = self.fields[RUNTIME].control.read() == decoding.TUNESMITH
        self.fields[RUNTIME].around.setVisible(exports.has_ctranslate2() or not is_own)
        self._fit_runtime()
        self._offer()
        self.changed.emit()

    def check_again(self) -> None:
        if self._written is not None and self._refusals(self._written) != self._problems:
            self._check()

    def _show_effects(self) -> None:
        """Disable the options without effect: those of sampling without sampling, those of beams with one beam."""
        draws, searches = self._valid.temperature > 0.0, self._valid.beams > 1
        for name, counts in (("top_p", draws), ("seed", draws), ("length_penalty", searches)):
            self.fields[name].control.widget.setEnabled(counts)

    def _fit_runtime(self) -> None:
        """Give the runtime's field room for what refuses it: it names adapters. It is the last, so no other moves."""
        is_refused = any(problem.field == RUNTIME for problem in self._problems)
        self.fields[RUNTIME].around.setFixedWidth(px(332 if is_refused else FIELD_WIDTH))

    # Presets

    def _offer(self) -> None:
        found = self._presets.of(self._valid) if self.is_valid else None
        own = [] if found else [(OWN, tr("Custom"))]
        self.preset.set_items([*((each.name, each.title) for each in self._presets.items), *own])
        self.preset.set_key(found.name if found else OWN)

    def _take(self, name: str) -> None:
        preset = self._presets.named(name)
        if preset is not None:
            self.show_decoding(preset.applied(self._valid))

    def menu(self) -> QMenu:
        found = self._presets.named(self.preset.key())
        saved = found.name if found and not found.is_built_in else ""
        menu = QMenu(self)
        save = menu.addAction(tr("Save as…"), self._ask_name)
        save.setEnabled(self.is_valid)
        text = tr("Delete {name}", name=saved).replace("&", "&&") if saved else tr("Delete")
        delete = menu.addAction(text, self._delete)
        delete.setEnabled(bool(saved))
        return menu

    def _open_menu(self) -> None:
        open_below(self.more, self.menu())

    def _ask_name(self) -> None:
        found = self._presets.named(self.preset.key())
        self.naming.ask(tr("Save"), found.name if found and not found.is_built_in else "")

    def _save(self, name: str, replace: bool) -> None:
        try:
            self._presets.save(name, self._valid, replace=replace)
        except AppError as error:
            self.naming.refuse(error, can_replace=self._presets.can_replace(name))
            return
        self.naming.close_row()
        self._offer()
        self.more.setFocus()

    def _delete(self) -> None:
        try:
            self._presets.delete(self.preset.key())
        except AppError as error:
            self.naming.show_error(error)
        self._offer()


class PromptField(QWidget):
    """A list of templates and the text of the chosen one; `changed` reports another choice.

    A prompt without a template stays in the list after another is chosen.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._own, self._trained = "", prompts.DEFAULT_PROMPT
        self.choice = ComboBox()
        self.choice.chosen.connect(self._choose)
        self._text = Label("", "label", "muted", wrap=True, selectable=True)
        self._text.setAccessibleName(tr("Prompt in use"))
        tooltip = tr("One prompt for every column instead of each adapter's own")
        self.field = Field(tr("Prompt"), self.choice, tooltip=tooltip)
        hbox((self.field, 0, Qt.AlignmentFlag.AlignTop), (self._text, 1), of=self, spacing=16)
        style.scale(self.field, QWidget.setFixedWidth, WIDTH)
        self._offer("")

    def template(self) -> str:
        """Return the template for all columns, or "" for each column's own."""
        key = self.choice.key()
        if key == OWN:
            return self._own
        return next((each.text for each in prompts.templates() if each.name == key), "")

    def show_template(self, text: str) -> None:
        """Choose a template by its text, or "" for each column's own."""
        if text != self.template():
            self._offer(text)
            self.changed.emit()

    def show_trained(self, text: str) -> None:
        """Show the prompt that the first adapter was trained with, used unless another is chosen."""
        self._trained = text
        self._show()

    def text(self) -> str:
        return self._text.text()

    def showEvent(self, event: QShowEvent) -> None:
        """Read the list of templates again."""
        super().showEvent(event)
        self._offer(self.template())

    def _offer(self, chosen: str) -> None:
        known = prompts.templates()
        named = next((each.name for each in known if each.text == chosen), "")
        if chosen and not named:
            self._own = chosen
        elif self._own in {each.text for each in known}:
            self._own = ""
        own = [(OWN, tr("Another prompt"))] if self._own else []
        titles = [(each.name, translate(each.name) if each.built_in else each.name) for each in known]
        self.choice.set_items([("", tr(AS_TRAINED)), *titles, *own])
        self.choice.set_key(OWN if chosen and not named else named)
        self._show()

    def _choose(self, _key: str) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self._text.setText(self.template() or self._trained)


FILE_NAME = "decoding.json"
VERSION = 1
# A built-in preset sets how tokens are chosen; the other options depend on adapters, conversations and computer.
LEFT_ALONE = ("max_new_tokens", "min_new_tokens", "seed", "long_conversations", "runtime")
_USUAL = {
    name: field.default for name, field in SummarizeOptions.model_fields.items() if name not in LEFT_ALONE
}


@dataclass(frozen=True)
class DecodingPreset:
    """Values of decoding options by name; options without a value keep theirs. `title` is shown."""

    name: str
    values: Mapping[str, Any]
    is_built_in: bool = False

    @property
    def title(self) -> str:
        """Return the name shown; that of a built-in preset is translated."""
        return tr(self.name) if self.is_built_in else self.name

    def applied(self, to: SummarizeOptions) -> SummarizeOptions:
        return SummarizeOptions(**{**to.model_dump(), **self.values})

    def is_in(self, shown: SummarizeOptions) -> bool:
        return self.applied(shown) == shown


BUILT_IN = (
    DecodingPreset(mark("Greedy"), _USUAL, is_built_in=True),
    DecodingPreset(mark("Beam search"), {**_USUAL, "beams": 4}, is_built_in=True),
    DecodingPreset(mark("Sampling"), {**_USUAL, "temperature": 0.7, "top_p": 0.95}, is_built_in=True),
)


class DecodingPresets:
    """The presets on this computer; every change is saved at once."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or paths.config_folder() / FILE_NAME
        stored = _read(self._path)
        self._saved = {
            name: values for name, table in stored.get("presets", {}).items() if (values := _options(table))
        }
        self._last = _options(stored.get("last"))

    @property
    def items(self) -> list[DecodingPreset]:
        names = sorted(self._saved, key=str.casefold)
        return [*BUILT_IN, *(DecodingPreset(name, self._saved[name].model_dump()) for name in names)]

    @property
    def last(self) -> SummarizeOptions | None:
        """Return the last used options, if there are any."""
        return self._last

    def named(self, name: str) -> DecodingPreset | None:
        return next((preset for preset in self.items if preset.name == name), None)

    def of(self, shown: SummarizeOptions) -> DecodingPreset | None:
        """Return the preset that matches options, a saved one before a built-in one."""
        return next((preset for preset in reversed(self.items) if preset.is_in(shown)), None)

    def save(self, name: str, shown: SummarizeOptions, *, replace: bool = False) -> DecodingPreset:
        """Save options under a name. Raises AppError if the name is invalid or taken, StorageError."""
        name = self._checked(name, replace=replace)
        self._saved[name] = shown
        self._write()
        return DecodingPreset(name, shown.model_dump())

    def delete(self, name: str) -> None:
        """Delete a saved preset. Raises StorageError."""
        del self._saved[name]
        self._write()

    def save_last(self, shown: SummarizeOptions) -> None:
        """Save the options for the next start. Raises StorageError."""
        if shown != self._last:
            self._last = shown
            self._write()

    def can_replace(self, name: str) -> bool:
        return " ".join(name.split()) in self._saved

    def _checked(self, name: str, *, replace: bool) -> str:
        name = prompts.normalised(name)
        if name.casefold() in {
            taken_name.casefold() for each in BUILT_IN for taken_name in (each.name, each.title)
        }:
            message = tr('"{name}" is a built-in preset.', name=name)
            raise AppError(message, tr("Choose another name."), "name")
        if name in self._saved and not replace:
            message = tr('There is a preset "{name}" already.', name=name)
            raise AppError(message, tr("Choose another name."), "name")
        return name

    def _write(self) -> None:
        presets = {name: shown.model_dump() for name, shown in self._saved.items()}
        stored = {"version": VERSION, "presets": presets} | (
            {"last": self._last.model_dump()} if self._last else {}
        )
        try:
            with files.aside(self._path) as unfinished:
                unfinished.write_text(json.dumps(stored, indent=1), encoding="utf-8")
        except OSError as error:
            message = tr("Decoding presets can't be saved: {why}.", why=error.strerror)
            raise StorageError(message, tr("Free some disk space.")) from error


def _read(path: Path) -> dict[str, Any]:
    """Read the file; a missing, damaged or later one counts as empty."""
    try:
        stored = foreign_files.read_json(path, FileKind.WINDOW)
    except (OSError, ValueError):
        return {}
    if not isinstance(stored, dict) or stored.get("version") != VERSION:
        return {}
    return stored if isinstance(stored.get("presets", {}), dict) else {}


def _options(table: Any) -> SummarizeOptions | None:
    """Return the options in a table, or None if it has none."""
    if not isinstance(table, dict):
        return None
    found, _problems = options.check(SummarizeOptions, table, "")
    return found if isinstance(found, SummarizeOptions) and not decoding.problems(found) else None
