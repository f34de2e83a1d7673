"""The top of the data page: the source, the column mapping, and the progress of a check.

Knows its fields; the page runs the check.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLineEdit, QMenu, QPlainTextEdit, QWidget

from engine.api import SAMPLE, STARTER, AppError, Problem, ingest, questions
from gui.core import actions
from gui.core.file_opening import RecentFiles, file_filter, offer_in
from gui.core.preferences import SavedState, values_of
from gui.graphics.bars import BusyRow
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field
from gui.look import style
from gui.look.fonts import px
from gui.look.language import mark, tr, translate
from gui.pages.data.column_mapping import ColumnMapping
from gui.widgets import file_dialogs
from gui.widgets.buttons import IconButton, open_below, plain, quiet
from gui.widgets.labels import Label
from gui.widgets.layouts import FlowBox, fill, hbox, vbox
from gui.workers.eta import Eta

STARTER_NAME = mark("The practice model")
PASTE_HINT = mark("JSON lines, a table with a header row, or an exported chat.")


class SourceBar(QWidget):
    """Source, columns and tokenizer.

    Signals: `check_wanted` requests a check, `source_changed` reports another source.
    """

    check_wanted = Signal()
    source_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source = QLineEdit()
        self.source.setPlaceholderText(tr("File, folder, or Hugging Face data set"))
        self.source.returnPressed.connect(self.check_wanted)
        self.tokenizer = ComboBox([(STARTER, tr(STARTER_NAME))])
        self.tokenizer.chosen.connect(self._choose_again)
        self.recent = RecentFiles()
        self.source_field = Field(tr("&Data"), self.source, parent=self)
        self.paste = PastePanel()
        self.paste.pasted.connect(self._take_text)
        self.stop_button = plain(tr("Cancel"))
        self.busy = BusyRow("", self.stop_button)
        self.busy.hide()
        buttons: list[QWidget] = []
        self.file_button, self.folder_button = plain(tr("Files…")), plain(tr("Folder…"))
        self.paste_button, self.sample_button = plain(tr("Paste…")), plain(tr("Sample"))
        self.check_button = plain(tr("Check"), "search")
        self.recent_button = IconButton("clock", tr("Recently used"))
        self.recent_button.hide()
        for button, act in (
            (self.recent_button, self._offer_recent),
            (self.file_button, self._choose_files),
            (self.folder_button, self._choose_folder),
            (self.paste_button, self.paste.open),
            (self.sample_button, lambda: self._choose(SAMPLE)),
            (self.check_button, self.check_wanted.emit),
        ):
            button.clicked.connect(lambda _checked=False, act=act: act())
            buttons.append(button)
        self._buttons = FlowBox(buttons)
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._top.setSpacing(8)
        self._top.addWidget(self.source_field, 1)
        # Beside the field the buttons are on its line, below its label.
        self._above_buttons = QWidget()
        self._top.addLayout(vbox(self._above_buttons, self._buttons, 1, spacing=0))
        column = vbox(self._top, self.paste, of=self, spacing=12)
        self.mapping = ColumnMapping(Field(tr("&Count tokens for"), self.tokenizer), self)
        self.mapping.changed.connect(self._choose_again)
        self.mapping.hide()
        fill(column, self.mapping, self.busy)
        SavedState(self, "source", self._saved_state, self._restore_state)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the buttons beside the field, or below it where there is no room for a path."""
        super().resizeEvent(event)
        field = max(px(240), self.source_field.sizeHint().width())
        is_beside = field + self._top.spacing() + self._buttons.sizeHint().width() <= self.width()
        direction = QBoxLayout.Direction.LeftToRight if is_beside else QBoxLayout.Direction.TopToBottom
        self._top.setDirection(direction)
        style.scale(self._above_buttons, QWidget.setFixedHeight, 20)
        self._above_buttons.setVisible(is_beside)

    def remember(self, source: str, name: str) -> None:
        self.recent.add(source, name)
        self.show_recent()

    def show_recent(self) -> None:
        self.recent_button.setVisible(bool(self.recent))

    def recent_menu(self) -> QMenu:
        menu = QMenu(self)
        offer_in(menu, self.recent, self._choose)
        menu.addSeparator()
        menu.addAction(tr("Clear list"), self._forget_recent)
        return menu

    def _offer_recent(self) -> None:
        open_below(self.recent_button, self.recent_menu())

    def _forget_recent(self) -> None:
        self.recent.clear()
        self.show_recent()

    def values(self) -> dict[str, Any]:
        return {"source": self.source.text().strip(), **self.mapping.values()}

    def _saved_state(self) -> str:
        values = self.values()
        return json.dumps(values) if values["source"] else ""

    def _restore_state(self, text: str) -> None:
        values = values_of(text)
        if isinstance(values.get("source"), str):
            self.source.setText(values["source"])
            self.mapping.restore(values)

    def set_source(self, source: str) -> None:
        """Set another source; the columns of the earlier one are dropped."""
        self.source.setText(source)
        self.paste.dismiss()
        self.mapping.forget()
        self.mapping.hide()
        self.source_changed.emit()

    def take_files(self, files: Sequence[Path]) -> None:
        """Set files (several as one source) or a folder as the source, and check it."""
        try:
            self._choose(str(ingest.save_files(files)))
        except AppError as error:
            self.show_problems(error.problems)

    def offer_tokenizers(self, models: Sequence[str]) -> None:
        others = [(model, model) for model in models if model != STARTER]
        self.tokenizer.set_items([(STARTER, tr(STARTER_NAME)), *others])

    def show_progress(self, stage: str, left: Eta) -> None:
        """Show the progress of a check. An empty stage hides the bar."""
        self.busy.setVisible(bool(stage))
        self.busy.set_progress(left.share, left.how_far, stage)
        self.check_button.setEnabled(not stage)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show problems beside their fields; those without a field here beside the source."""
        # A question is asked in a place of its own.
        told = [problem for problem in problems if not questions.answers(problem)]
        mapped = [problem for problem in told if _is_of_mapping(problem.field)]
        self.mapping.show_problem(mapped[0] if mapped else None)
        if mapped:
            self.mapping.show()
        self.source_field.set_problem()
        for problem in told:
            if problem not in mapped:
                self.source_field.set_problem(translate(problem.message), translate(problem.hint))

    def _choose_again(self, _key: Any = None) -> None:
        if self.source.text().strip():
            self.check_wanted.emit()

    def _choose_files(self) -> None:
        files = file_dialogs.open_files(self, "data", tr("Choose data files"), file_filter())
        if files:
            self.take_files(files)

    def _choose_folder(self) -> None:
        folder = file_dialogs.choose_folder(self, "data", tr("Choose a folder of split files"))
        self._choose(str(folder or ""))

    def _take_text(self, text: str) -> None:
        try:
            path = ingest.save_text(text)
        except AppError as error:
            self.paste.field.set_problem(translate(error.message), translate(error.hint))
        else:
            self._choose(str(path))

    def _choose(self, source: str) -> None:
        if source:
            self.set_source(source)
            self.check_wanted.emit()


def _is_of_mapping(field: str) -> bool:
    return field in ("data.conversation", "data.summary", "data.sheet") or field.startswith("data.columns")


class PastePanel(QWidget):
    """A text field, hidden until `open`. `pasted(text)` carries its text."""

    pasted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.edit = QPlainTextEdit()
        self.edit.setTabChangesFocus(True)
        style.scale(self.edit, QWidget.setFixedHeight, 140)
        self.field = Field(tr("&Text"), self.edit)
        self.take_button, self._cancel = plain(tr("Check the text"), "search"), quiet(tr("Cancel"))
        self.take_button.clicked.connect(lambda: self.pasted.emit(self.edit.toPlainText()))
        self._cancel.clicked.connect(self.dismiss)
        row = hbox(
            (Label(tr(PASTE_HINT), "label", "hint", wrap=True), 1), self._cancel, self.take_button, spacing=8
        )
        vbox(self.field, row, of=self, spacing=8)
        actions.bind(self, "window.close", self.dismiss)
        self.hide()

    def open(self) -> None:
        self.edit.setPlainText(QGuiApplication.clipboard().text())
        self.field.set_problem()
        self.show()
        self.edit.setFocus()

    def dismiss(self) -> None:
        self.edit.clear()
        self.hide()
