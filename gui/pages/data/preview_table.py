"""The first raw rows of a source with the role of each column; a click on a column chooses its role."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QCursor, QKeyEvent, QPainter, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
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
from gui.models.row_model import Index, RowModel
from gui.pages.data.report import RowPreview, split_name
from gui.tables.cell_delegate import draw_background, draw_text
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
        self._look: RowPreview | None = None
        self._model = RowModel(self._text, ())
        self.table = TextTable(self._model, tr("First rows, unchanged"))
        header = self.table.horizontalHeader()
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._offer_roles)
        self.table.clicked.connect(lambda index: self._offer_roles(index.column()))
        self.table.opened.connect(self._offer_roles_below)
        self._words = ElidedLabel("", "label", "muted")
        vbox(self._words, (self.table, 1), of=self, spacing=8)

    def show_preview(self, look: RowPreview) -> None:
        self._look = look
        self._model.show_rows(look.rows, [one_line(head(look, column)) for column in look.columns])
        self._words.setText(f"{_whose(look)} {tr('Click a column to change its role.')}")
        header = self.table.horizontalHeader()
        header.setStretchLastSection(True)
        for section in range(len(look.columns)):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Interactive)
            wide = header.sectionSizeHint(section) + 16
            long = max((len(row.get(look.columns[section], "")) for row in look.rows), default=0)
            header.resizeSection(section, max(wide, px(320 if long > 24 else 120)))

    def _text(self, row: Mapping[str, str], column: int) -> str:
        return one_line(row.get(self._look.columns[column], "")) if self._look is not None else ""

    def _offer_roles(self, section: int, at: QPoint | None = None) -> None:
        """Open the menu of a column's roles, at the pointer unless a point is given."""
        look = self._look
        if look is not None:
            self.role_menu(look.columns[section]).popup(at or QCursor.pos())

    def _offer_roles_below(self, index: Index) -> None:
        below = self.table.visualRect(index).bottomLeft()
        self._offer_roles(index.column(), self.table.viewport().mapToGlobal(below))

    def role_menu(self, column: str) -> QMenu:
        look = self._look
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
        look = self._look
        return [head(look, column) for column in look.columns] if look else []


ROW_HEIGHT = 36


class TextTable(QTableView):
    """Shows a model's texts; `figures` are the number columns. `opened(index)` reports a cell opened by key."""

    opened = Signal(QModelIndex)

    def __init__(self, model: RowModel, name: str, figures: Collection[int] = ()) -> None:
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
        draw_background(painter, option, hovered=False, first=index.column() == 0)
        is_figure = index.column() in self._figures
        role, token = ("figure", "muted") if is_figure else ("body", "text")
        box = option.rect.adjusted(12, 0, -12, 0)
        draw_text(painter, box, str(index.data()), role, token, right=is_figure)
