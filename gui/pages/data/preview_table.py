"""The first raw rows of a source with the role of each column, for mapping columns."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, Qt
from PySide6.QtWidgets import QHeaderView, QVBoxLayout, QWidget

from gui.look.fonts import px
from gui.look.language import mark, tr, tr_count
from gui.pages.data.report import RowPreview, split_name
from gui.pages.data.text_table import Index, TextTable, one_line
from gui.widgets.labels import ElidedLabel

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
            return head(self.look, self.look.columns[section])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None


def head(look: RowPreview, column: str) -> str:
    """Return a column's name with its role, if it has one."""
    if look.shape is None:
        return column
    keys = {"speaker", "text"} if look.shape.kind == "turns" else set()
    found = [
        text
        for role, text in ROLE_TEXTS.items()
        if role not in keys and column in (look.shape.roles[role], *look.shape.roles[role].split(", "))
    ]
    # Turns in rows of their own are the conversation; one role is enough.
    return f"{column}: {tr(found[0])}" if found else column


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
    """The table with its title above."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = PreviewModel()
        self.table = TextTable(self._model, tr("First rows, unchanged"))
        self._words = ElidedLabel("", "label", "ink2")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._words)
        column.addWidget(self.table, 1)

    def show_preview(self, look: RowPreview) -> None:
        """Show other rows."""
        self._model.show_preview(look)
        self._words.setText(_whose(look))
        header = self.table.horizontalHeader()
        header.setStretchLastSection(True)
        for section in range(len(look.columns)):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Interactive)
            wide = header.sectionSizeHint(section) + 16
            long = max((len(row.get(look.columns[section], "")) for row in look.rows), default=0)
            header.resizeSection(section, max(wide, px(MAX_WIDTH if long > 24 else MIN_WIDTH)))

    def headings(self) -> list[str]:
        """Return the column headings."""
        look = self._model.look
        return [head(look, column) for column in look.columns] if look else []
