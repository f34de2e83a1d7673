"""The tables of a split's rows, the first ones or all of a finding, and of the rows that can't be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHeaderView, QWidget

from gui.look import style
from gui.look.fonts import font, px
from gui.look.format import number_text
from gui.look.language import mark, tr, tr_count, translate
from gui.look.shown_texts import plain_tooltip
from gui.models.row_model import RowModel
from gui.pages.data.preview_table import ROW_HEIGHT, TextTable, one_line
from gui.pages.data.report import Row
from gui.widgets.buttons import link
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import hbox, vbox

HEADS = (mark("Row"), mark("Conversation"), mark("Tokens"), mark("Summary"), mark("Tokens"))
FIGURES = (0, 2, 4)
# Cells show one line of limited length.
MAX_CHARACTERS = 400
GetRow = Callable[[int], Row | None]
BROKEN_COLUMNS = {"place": mark("Where"), "why": mark("Why")}
# The number of rows named in the message.
NAMED_ALREADY = 5


class RowsView(QWidget):
    """The table, with a title above for the rows of a finding. `row_chosen(number)` reports the selection."""

    row_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._get: GetRow = lambda _number: None
        heads = [tr(head) for head in HEADS]
        self._model = RowModel(self._text, heads, figures=FIGURES, tooltip=self._place)
        self.table = TextTable(self._model, tr("Rows"), FIGURES)
        self.table.selectionModel().currentRowChanged.connect(self._on_current)
        self._which = ElidedLabel("", "body_medium")
        self.export_button = link(tr("Export as CSV…"))
        self.all_button = link(tr("Back to all rows"))
        self._head = QWidget()
        hbox((self._which, 1), self.export_button, self.all_button, of=self._head, spacing=12)
        vbox(self._head, (self.table, 1), of=self, spacing=4)
        self.set_which("")
        style.on_style_changed(self._restyle)

    def _restyle(self) -> None:
        head = self.table.horizontalHeader()
        measured = QFontMetrics(font("figure"))
        for section in range(len(HEADS)):
            if section in FIGURES:
                head.setSectionResizeMode(section, QHeaderView.ResizeMode.Fixed)
                head.resizeSection(section, measured.horizontalAdvance("000,000") + 32)
            else:
                head.setSectionResizeMode(section, QHeaderView.ResizeMode.Stretch)

    def set_which(self, text: str, *, of_finding: bool = False) -> None:
        """Set the title; rows of a finding have actions to export them and to show all rows."""
        self._which.setText(text)
        self._head.setVisible(bool(text))
        for button in (self.export_button, self.all_button):
            button.setVisible(of_finding)

    def which(self) -> str:
        return self._which.text()

    def show_rows(self, numbers: Sequence[int], get: GetRow) -> None:
        self._get = get
        self._model.show_rows(numbers)

    def _text(self, number: int, column: int) -> str:
        row = self._get(number)
        if column == 0 or row is None:
            return number_text(number) if column == 0 else ""
        return (
            one_line(row.conversation[:MAX_CHARACTERS]) or tr("no conversation"),
            number_text(row.conversation_tokens),
            one_line(row.summary[:MAX_CHARACTERS]) or tr("no summary"),
            number_text(row.summary_tokens),
        )[column - 1]

    def _place(self, number: int) -> str | None:
        row = self._get(number)
        return plain_tooltip(translate(row.place)) if row is not None else None

    def refresh(self) -> None:
        """Show the same rows again, after masks have changed."""
        self.table.viewport().update()

    def numbers(self) -> Sequence[int]:
        return self._model.rows

    def count(self) -> int:
        return self._model.rowCount()

    def choose(self, position: int) -> None:
        if 0 <= position < self._model.rowCount():
            self.table.selectRow(position)
            self.table.scrollTo(self._model.index(position, 0))

    def _on_current(self, current: QModelIndex) -> None:
        if current.isValid():
            self.row_chosen.emit(self._model.rows[current.row()])


class BrokenRowsView(QWidget):
    """The list with its count above."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        keys = tuple(BROKEN_COLUMNS)
        self._model = RowModel(
            lambda row, column: one_line(translate(row[keys[column]])),
            [tr(head) for head in BROKEN_COLUMNS.values()],
        )
        self.table = TextTable(self._model, tr("Rows that can't be read"))
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setStretchLastSection(True)
        self._count = Label("", "body_medium")
        self.export_button = link(tr("Export as CSV…"))
        vbox(hbox((self._count, 1), self.export_button), self.table, of=self, spacing=4)
        self.hide()
        style.on_style_changed(self._restyle)

    def _restyle(self) -> None:
        self.table.horizontalHeader().resizeSection(0, px(220))
        self.table.setFixedHeight(5 * px(ROW_HEIGHT))

    def show_rows(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Show other rows; nothing, if they are few enough for the message."""
        self._model.show_rows(list(rows))
        self._count.setText(tr_count(len(rows), "{n} row can't be read", "{n} rows can't be read"))
        self.setVisible(len(rows) > NAMED_ALREADY)

    def places(self) -> list[str]:
        return [row["place"] for row in self._model.rows]
