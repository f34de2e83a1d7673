"""A table view of single-line texts."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from engine.api import escaping
from gui.core import actions
from gui.look import style
from gui.look.fonts import font, px

Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 36


class TextTable(QTableView):
    """Shows a model's texts; `figures` are the number columns. `opened(index)` reports a cell opened by key."""

    opened = Signal(QModelIndex)

    def __init__(
        self,
        model: QAbstractTableModel,
        name: str,
        figures: Collection[int] = (),
    ) -> None:
        super().__init__()
        self.setModel(model)
        self.setItemDelegate(_CellDelegate(figures, self))
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setAccessibleName(name)
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)
        style.on_style_changed(self._restyle)

    def showEvent(self, event: QShowEvent) -> None:
        """Set the header's font again: it is lost if sections are sized before the header is polished."""
        super().showEvent(event)
        self._restyle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Report a cell that is opened by key."""
        if actions.pressed(event, "list.open") and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _restyle(self) -> None:
        self.verticalHeader().setDefaultSectionSize(px(ROW_HEIGHT))
        self.horizontalHeader().setFont(font("head"))


def one_line(text: str) -> str:
    """Return a text of the data as it is shown in one line."""
    return escaping.in_one_line(" / ".join(text.split("\n")))


class _CellDelegate(QStyledItemDelegate):
    """Draws a cell, the hairline below it, and the bar of the selected row."""

    def __init__(self, figures: Collection[int], parent: QWidget) -> None:
        super().__init__(parent)
        self._figures = figures

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, style.color("accent_soft"))
            if index.column() == 0:
                painter.fillRect(rect.left(), rect.top(), 3, rect.height(), style.color("accent"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, style.color("line"))
        is_figure = index.column() in self._figures
        painter.setFont(font("figure" if is_figure else "body"))
        painter.setPen(style.color("muted" if is_figure else "text"))
        box = rect.adjusted(12, 0, -12, 0)
        shown = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, box.width())
        side = Qt.AlignmentFlag.AlignRight if is_figure else Qt.AlignmentFlag.AlignLeft
        painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, shown)
