"""The list of unreadable rows with position and reason, if there are more than a message can name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QVBoxLayout, QWidget

from gui.look import style
from gui.look.fonts import px
from gui.look.language import mark, tr, tr_count, translate
from gui.pages.data.rows.text_table import ROW_HEIGHT, Index, TextTable, one_line
from gui.widgets.buttons import link
from gui.widgets.labels import Label

COLUMNS = {"place": mark("Where"), "why": mark("Why")}
# The number of rows named in the message.
NAMED_ALREADY = 5
ROWS_SHOWN = 4
PLACE_WIDTH = 220


class BrokenRowsModel(QAbstractTableModel):
    """Positions and reasons."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[Mapping[str, str]] = ()

    def show_rows(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return one_line(translate(self.rows[index.row()][list(COLUMNS)[index.column()]]))
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(list(COLUMNS.values())[section])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None


class BrokenRowsView(QWidget):
    """The list with its count above. `export_wanted` requests an export of all rows."""

    export_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = BrokenRowsModel()
        self.table = TextTable(self._model, tr("Rows that can't be read"))
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setStretchLastSection(True)
        self._count = Label("", "body_medium")
        self.export_button = link(tr("Export as CSV…"))
        self.export_button.clicked.connect(self.export_wanted)
        head = QHBoxLayout()
        head.addWidget(self._count, 1)
        head.addWidget(self.export_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.table)
        self.hide()
        style.follow(self._restyle)

    def _restyle(self) -> None:
        self.table.horizontalHeader().resizeSection(0, px(PLACE_WIDTH))
        self.table.setFixedHeight(px(ROW_HEIGHT) * (ROWS_SHOWN + 1))

    def show_rows(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Show other rows; nothing, if they are few enough for the message."""
        self._model.show_rows(list(rows))
        self._count.setText(tr_count(len(rows), "{n} row can't be read", "{n} rows can't be read"))
        self.setVisible(len(rows) > NAMED_ALREADY)

    def places(self) -> list[str]:
        """Return the positions of the rows shown."""
        return [row["place"] for row in self._model.rows]
