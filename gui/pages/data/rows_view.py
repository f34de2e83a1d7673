"""The first rows of a split as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gui.look import style
from gui.look.format import number
from gui.look.type import font, px
from gui.pages.data.report import Row

Index = QModelIndex | QPersistentModelIndex
HEADS = ("Row", "Conversation", "Tokens", "Summary", "Tokens")
FIGURES = (0, 2, 4)
ROW_HEIGHT = 36


class RowsModel(QAbstractTableModel):
    """Rows, with the texts on one line each."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[Row] = ()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(HEADS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        row = self.rows[index.row()]
        cells = (
            number(row.number),
            _line(row.conversation) or "no conversation",
            number(row.conversation_tokens),
            _line(row.summary) or "no summary",
            number(row.summary_tokens),
        )
        return cells[index.column()]

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in FIGURES else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None


def _line(text: str) -> str:
    return " / ".join(text.split("\n"))


class _Cells(QStyledItemDelegate):
    """Draws a cell, the hairline below it, and the bar of the selected row."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(rect, style.color("accent_soft"))
            if index.column() == 0:
                painter.fillRect(rect.left(), rect.top(), 3, rect.height(), style.color("accent"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, style.color("line"))
        is_figure = index.column() in FIGURES
        painter.setFont(font("figure" if is_figure else "body"))
        painter.setPen(style.color("ink2" if is_figure else "ink"))
        box = rect.adjusted(12, 0, -12, 0)
        shown = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, box.width())
        side = Qt.AlignmentFlag.AlignRight if is_figure else Qt.AlignmentFlag.AlignLeft
        painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, shown)


class RowsView(QWidget):
    """The table; `row_chosen(Row)` follows the selection."""

    row_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = RowsModel()
        self.table = QTableView()
        self.table.setModel(self._model)
        self.table.setItemDelegate(_Cells(self.table))
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.setAccessibleName("Rows")
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.selectionModel().currentRowChanged.connect(self._on_current)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        style.follow(self._restyle)

    def _restyle(self) -> None:
        self.table.verticalHeader().setDefaultSectionSize(px(ROW_HEIGHT))
        head = self.table.horizontalHeader()
        head.setFont(font("head"))
        measured = QFontMetrics(font("figure"))
        for section in range(len(HEADS)):
            if section in FIGURES:
                head.setSectionResizeMode(section, QHeaderView.ResizeMode.Fixed)
                head.resizeSection(section, measured.horizontalAdvance("000,000") + 32)
            else:
                head.setSectionResizeMode(section, QHeaderView.ResizeMode.Stretch)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows, none chosen."""
        self._model.show_rows(rows)

    def count(self) -> int:
        """Return how many rows are shown."""
        return self._model.rowCount()

    def choose(self, number: int) -> None:
        """Choose the row with this number, if it is shown."""
        if 1 <= number <= self._model.rowCount():
            self.table.selectRow(number - 1)
            self.table.scrollTo(self._model.index(number - 1, 0))

    def _on_current(self, current: QModelIndex) -> None:
        if current.isValid():
            self.row_chosen.emit(self._model.rows[current.row()])
