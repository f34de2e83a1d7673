"""The first raw rows of a source with the role of each column; a click on a column chooses its role."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QPoint, Qt, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QHeaderView, QMenu, QWidget

from gui.look.fonts import px
from gui.look.language import mark, tr, tr_count
from gui.pages.data.report import RowPreview, split_name
from gui.pages.data.rows.text_table import Index, TextTable, one_line
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
        """Show other first rows."""
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
        """Show other rows."""
        self._model.show_preview(look)
        self._words.setText(f"{_whose(look)} {tr('Click a column to say what it is.')}")
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
        """Return the menu of the roles that a column may have."""
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
        """Return the column headings."""
        look = self._model.look
        return [head(look, column) for column in look.columns] if look else []
