"""The differences between the checked entries' recipes: a row for each key, a column for each entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.api import arenas, setting_text
from gui.forms.value_text import value_text
from gui.look.language import mark, tr, translate
from gui.models.cells import Cell, Text
from gui.models.grouped_table import Column, GroupedTable
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import Label

Difference = arenas.Difference
COLUMN = 152


class DifferencesTable(GroupedTable[Difference]):
    """Recipe keys and their values in each entry."""

    columns: tuple[Column, ...] = (Column("key", mark("Setting")),)

    def show_values(self, names: Sequence[str], found: Sequence[Difference]) -> None:
        """Show differences between entries with these names."""
        self.beginResetModel()
        self.columns = (
            Column("key", mark("Setting")),
            *(Column(str(at), name, COLUMN, as_is=True) for at, name in enumerate(names)),
        )
        self.endResetModel()
        self.set_rows(list(found))

    def key_of(self, item: Difference) -> str:
        return item.key

    def cell(self, item: Difference, key: str) -> Cell:
        if key == "key":
            return Text(translate(setting_text.title(item.key)), "body_medium", "ink")
        value = item.values[int(key)]
        return Text(_said(item.key, value), "figure", "ink3" if value is None else "ink")

    def accessible_text(self, item: Difference) -> str:
        values = [
            f"{column.head} {_said(item.key, value)}"
            for column, value in zip(self.columns[1:], item.values, strict=True)
        ]
        return ", ".join([translate(setting_text.title(item.key)), *values])


def _said(key: str, value: Any) -> str:
    """Return a value as the form shows it; of texts, only the words for values are translated."""
    if value is None:
        return translate(arenas.value_text(value))
    return value_text(setting_text.value(key, value))


class DifferencesView(QWidget):
    """Shows the differences, or an empty state."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = DifferencesTable(self)
        self.view = GroupedTableView(self.table, tr("Recipe differences"))
        self._title = Label(tr("Recipe differences"), "section", "ink")
        self._empty = EmptyState(
            "equals", tr("Nothing to compare"), tr("Select two or more entries in the table above.")
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._title)
        column.addWidget(self.view, 1)
        column.addWidget(self._empty, 1)

    def show_differences(self, names: Sequence[str], tables: Sequence[dict[str, Any]]) -> None:
        """Show the differences of recipes, given as tables."""
        found = arenas.differences(tables) if len(tables) > 1 else ()
        self.table.show_values(names, found)
        self.view.setVisible(bool(found))
        self._empty.setVisible(not found)
