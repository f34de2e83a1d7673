"""A table of things under headings, as a Qt model; subclasses say what a cell shows and says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from gui.look.language import tr
from gui.models.cells import Cell, Checked, Spark

Thing = TypeVar("Thing")
Index = QModelIndex | QPersistentModelIndex

CELL_ROLE = Qt.ItemDataRole.UserRole + 1
HEAD_ROLE = Qt.ItemDataRole.UserRole + 2
THING_ROLE = Qt.ItemDataRole.UserRole + 3


@dataclass(frozen=True)
class Column:
    """One column: `width` in pixels before text scaling; 0 takes what is left, or its share of it.

    It hides while the table is narrower than `hidden_below`. `order` is what a click on its head sorts by. `as_is` says
    that the title is a name, or translated already.
    """

    key: str
    title: str
    width: int = 0
    right: bool = False
    hidden_below: int = 0
    order: str = ""
    as_is: bool = False

    @property
    def head(self) -> str:
        """The title in the language that is spoken."""
        return self.title if self.as_is else tr(self.title)


@dataclass(frozen=True)
class Head:
    """A heading over the rows that follow, with facts at its right."""

    title: str
    facts: str = ""


class GroupedTable(QAbstractTableModel, Generic[Thing]):
    """Rows are headings or things. Headings can be neither selected nor focused."""

    columns: tuple[Column, ...] = ()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Head | Thing] = []

    # What subclasses say.
    def cell(self, thing: Thing, key: str) -> Cell:
        """Return what a cell shows."""
        raise NotImplementedError

    def accessible_text(self, thing: Thing) -> str:
        """Return the whole row in words."""
        raise NotImplementedError

    def explanation(self, thing: Thing, key: str) -> str:
        """Return a cell's tooltip, "" for none."""
        return ""

    def key_of(self, thing: Thing) -> str:
        """Return what tells a thing from all others, also after it was read again."""
        raise NotImplementedError

    # Filling and finding.
    def set_rows(self, rows: Sequence[Head | Thing]) -> None:
        """Show other rows; where the same things stand in the same places, they change without moving."""
        if self._stand_as(rows):
            self._rows = list(rows)
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(self.columns) - 1))
            return
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def _stand_as(self, rows: Sequence[Head | Thing]) -> bool:
        return [self._place(row) for row in rows] == [self._place(row) for row in self._rows]

    def _place(self, row: Head | Thing) -> Head | str:
        return row if isinstance(row, Head) else self.key_of(row)

    def things(self) -> list[Thing]:
        """Return the things that are shown, in order."""
        return [row for row in self._rows if not isinstance(row, Head)]

    def heads(self) -> list[Head]:
        """Return the headings, in order."""
        return [row for row in self._rows if isinstance(row, Head)]

    def thing_at(self, row: int) -> Thing | None:
        """Return the thing in a row, None for a heading or a row that is not there."""
        found = self._rows[row] if 0 <= row < len(self._rows) else None
        return None if isinstance(found, Head) else found

    def is_head(self, row: int) -> bool:
        """Tell whether a row is a heading."""
        return isinstance(self._rows[row], Head)

    def row_of(self, key: str) -> int:
        """Return the row of the thing with this key, −1 if it is not shown."""
        for row, found in enumerate(self._rows):
            if not isinstance(found, Head) and self.key_of(found) == key:
                return row
        return -1

    def replace(self, thing: Thing) -> None:
        """Show a thing that was read again in the row it has."""
        row = self.row_of(self.key_of(thing))
        if row >= 0:
            self._rows[row] = thing
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(self.columns) - 1))

    # Qt's questions.
    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or self.is_head(index.row()):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].head
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        found = self._rows[index.row()]
        if isinstance(found, Head):
            return _head_data(found, index.column(), role)
        key = self.columns[index.column()].key
        if role == Qt.ItemDataRole.CheckStateRole:
            return _check_state(self.cell(found, key))
        return self._thing_data(found, key, index.column(), role)

    def _thing_data(self, thing: Thing, key: str, column: int, role: int) -> Any:
        if role == CELL_ROLE:
            return self.cell(thing, key)
        if role == THING_ROLE:
            return thing
        if role == Qt.ItemDataRole.DisplayRole:
            return text_of(self.cell(thing, key))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.accessible_text(thing) if column == 0 else text_of(self.cell(thing, key))
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.explanation(thing, key) or None
        return None


def _head_data(head: Head, column: int, role: int) -> Any:
    if role == HEAD_ROLE:
        return head
    if role == Qt.ItemDataRole.DisplayRole and column == 0:
        return head.title
    if role == Qt.ItemDataRole.AccessibleTextRole and column == 0:
        return f"{head.title}, {head.facts}" if head.facts else head.title
    return None


def _check_state(cell: Cell) -> Qt.CheckState | None:
    """Return whether a check is on, for readers of the screen; None for a cell without one."""
    if not isinstance(cell, Checked):
        return None
    return Qt.CheckState.Checked if cell.on else Qt.CheckState.Unchecked


def text_of(cell: Cell) -> str:
    """Return what a cell says, "" for one that is drawn only."""
    if isinstance(cell, Checked):
        return f"{cell.text}, {cell.detail}" if cell.detail else cell.text
    return "" if isinstance(cell, Spark) else cell.text
