"""A table model of rows of any kind, whose texts are asked for as the rows are drawn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from gui.models.grouped_table import ITEM_ROLE

Index = QModelIndex | QPersistentModelIndex


class RowModel(QAbstractTableModel):
    """`text(row, column)` returns a cell's text; `spoken(row)` and `tooltip(row)` replace it for those purposes.

    `heads` are the titles of the columns; those of `figures` are at the right.
    """

    def __init__(
        self,
        text: Callable[[Any, int], str],
        heads: Sequence[str] = ("",),
        *,
        figures: Collection[int] = (),
        spoken: Callable[[Any], str] | None = None,
        tooltip: Callable[[Any], str | None] | None = None,
    ) -> None:
        super().__init__()
        self.rows: Sequence[Any] = ()
        self.heads, self._figures = heads, figures
        self._text, self._spoken, self._tooltip = text, spoken, tooltip

    def show_rows(self, rows: Sequence[Any], heads: Sequence[str] | None = None) -> None:
        """Show other rows, and other columns unless `heads` is None."""
        self.beginResetModel()
        self.rows, self.heads = rows, self.heads if heads is None else heads
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.heads)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()] if index.isValid() else None
        if role == ITEM_ROLE or row is None:
            return row
        if role == Qt.ItemDataRole.AccessibleTextRole and self._spoken is not None:
            return self._spoken(row)
        if role == Qt.ItemDataRole.ToolTipRole and self._tooltip is not None:
            return self._tooltip(row)
        is_text = role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
        return self._text(row, index.column()) if is_text else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in self._figures else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return self.heads[section] if role == Qt.ItemDataRole.DisplayRole else None
