"""The first raw rows of a source with the role of each column; a click on a column chooses its role."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QCursor, QKeyEvent, QPainter, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
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
from gui.look.language import mark, tr, tr_count
from gui.pages.data.report import RowPreview, split_name
from gui.widgets.labels import ElidedLabel
from gui.widgets.layouts import vbox

ROLE_TEXTS = {
    "conversation": mark("conversation"),
    "text": mark("turn text"),
    "summary": mark("summary"),
    "references": mark("further summaries"),
    "speaker": mark("speaker"),
    "group": mark("conversation id"),
    "id": mark("name"),
    "split": mark("split"),
}
# In the menu of a column, these come first.
MAIN_ROLES = ("conversation", "summary")
MIN_WIDTH, MAX_WIDTH = 120, 320


class PreviewModel(QAbstractTableModel):
    """The first rows by column."""

    def __init__(self) -> None:
        super().__init__()
        self.look: RowPreview | None = None

    def show_preview(self, look: RowPreview) -> None:
        self.beginResetModel()
        self.look = look
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        is_cell = parent is not None and parent.isValid()
        return 0 if is_cell or self.look is None else len(self.look.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        is_cell = parent is not None and parent.isValid()
        return 0 if is_cell or self.look is None else len(self.look.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole) or not self.look:
            return None
        return one_line(self.look.rows[index.row()].get(self.look.columns[index.column()], ""))

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or self.look is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return one_line(head(self.look, self.look.columns[section]))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None


def head(look: RowPreview, column: str) -> str:
    """Return a column's name with its role, if it has one."""
    found = roles_of(look, column)
    # Turns in rows of their own are the conversation; one role is enough.
    return f"{column}: {tr(ROLE_TEXTS[found[0]])}" if found else column


def roles_of(look: RowPreview, column: str) -> list[str]:
    """Return the roles that a column has."""
    if look.shape is None:
        return []
    roles = look.shape.roles
    keys = {"speaker", "text"} if look.shape.kind == "turns" else set()
    return [
        role for role in ROLE_TEXTS if role not in keys and column in (roles[role], *roles[role].split(", "))
    ]


def _whose(look: RowPreview) -> str:
    """Return the title of the first rows."""
    count = len(look.rows)
    if not look.split:
        return tr_count(count, "The first row, unchanged.", "The first {n} rows, unchanged.")
    return tr_count(
        count,
        "The first row of {split}, unchanged.",
        "The first {n} rows of {split}, unchanged.",
        split=split_name(look.split),
    )


class PreviewTable(QWidget):
    """The table with its title above. `role_chosen(role, column)` reports what a column is to be."""

    role_chosen = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = PreviewModel()
        self.table = TextTable(self._model, tr("First rows, unchanged"))
        header = self.table.horizontalHeader()
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._offer_roles)
        self.table.clicked.connect(lambda index: self._offer_roles(index.column()))
        self.table.opened.connect(self._offer_roles_below)
        self._words = ElidedLabel("", "label", "muted")
        vbox(self._words, (self.table, 1), of=self, spacing=8)

    def show_preview(self, look: RowPreview) -> None:
        self._model.show_preview(look)
        self._words.setText(f"{_whose(look)} {tr('Click a column to change its role.')}")
        header = self.table.horizontalHeader()
        header.setStretchLastSection(True)
        for section in range(len(look.columns)):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Interactive)
            wide = header.sectionSizeHint(section) + 16
            long = max((len(row.get(look.columns[section], "")) for row in look.rows), default=0)
            header.resizeSection(section, max(wide, px(MAX_WIDTH if long > 24 else MIN_WIDTH)))

    def _offer_roles(self, section: int, at: QPoint | None = None) -> None:
        """Open the menu of a column's roles, at the pointer unless a point is given."""
        look = self._model.look
        if look is not None:
            self.role_menu(look.columns[section]).popup(at or QCursor.pos())

    def _offer_roles_below(self, index: Index) -> None:
        below = self.table.visualRect(index).bottomLeft()
        self._offer_roles(index.column(), self.table.viewport().mapToGlobal(below))

    def role_menu(self, column: str) -> QMenu:
        look = self._model.look
        held = roles_of(look, column) if look else []
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr('Use "{column}" as', column=column.replace("&", "&&"))).setEnabled(False)
        for roles in (MAIN_ROLES, tuple(role for role in ROLE_TEXTS if role not in MAIN_ROLES)):
            menu.addSeparator()
            for role in roles:
                action = menu.addAction(tr(ROLE_TEXTS[role]))
                action.setCheckable(True)
                action.setChecked(role in held)
                action.triggered.connect(lambda _on, role=role: self.role_chosen.emit(role, column))
        return menu

    def headings(self) -> list[str]:
        look = self._model.look
        return [head(look, column) for column in look.columns] if look else []


Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 36


class TextTable(QTableView):
    """Shows a model's texts; `figures` are the number columns. `opened(index)` reports a cell opened by key."""

    opened = Signal(QModelIndex)

    def __init__(self, model: QAbstractTableModel, name: str, figures: Collection[int] = ()) -> None:
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
