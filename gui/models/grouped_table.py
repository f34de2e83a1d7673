"""The model of every table: items under headings, with cells as plain values.

`gui.tables.cell_delegate` draws the cells. Names in them may be of others: each text is held as it is shown, escaped
and in one line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from engine.api import escaping
from gui.look.format import UNKNOWN, score
from gui.look.language import tr
from gui.look.shown_texts import ShownTexts
from gui.models.list_text import UNKNOWN_VERDICT, VERDICTS
from gui.models.metric_text import ConfidenceInterval, confidence_interval

Item = TypeVar("Item")
Index = QModelIndex | QPersistentModelIndex

CELL_ROLE = Qt.ItemDataRole.UserRole + 1
HEADING_ROLE = Qt.ItemDataRole.UserRole + 2
ITEM_ROLE = Qt.ItemDataRole.UserRole + 3


@dataclass(frozen=True)
class Column:
    """One column: `width` in pixels before text scaling; columns of width 0 share what remains, `least` at least.

    It is hidden while the table is narrower than `hidden_below`. `order` is the sort key of a click on its head. With
    `as_is` the title is a name, or already translated.
    """

    key: str
    title: str
    width: int = 0
    right: bool = False
    hidden_below: int = 0
    order: str = ""
    as_is: bool = False
    least: int = 96

    @property
    def head(self) -> str:
        return escaping.in_one_line(self.title) if self.as_is else tr(self.title)


@dataclass(frozen=True)
class Heading(ShownTexts):
    """A heading above a group of rows, with facts at its right."""

    title: str
    facts: str = ""


class GroupedTable(QAbstractTableModel, Generic[Item]):
    """Rows are headings or items. Headings can be neither selected nor focused.

    `renamed(item, name)`: another name was typed for an item.
    """

    renamed = Signal(object, str)
    columns: tuple[Column, ...] = ()
    key_attribute = "id"

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Heading | Item] = []

    # Defined by subclasses.
    def cell(self, item: Item, key: str) -> Cell:
        raise NotImplementedError

    def accessible_text(self, item: Item) -> str:
        """Return a row as it is read out: its name, then each value behind the head of its column."""
        name, *values = [text_of(self.cell(item, column.key)) for column in self.columns]
        heads = [column.head for column in self.columns[1:]]
        return ", ".join(
            [name, *(f"{head} {text}" for head, text in zip(heads, values, strict=True) if text)]
        )

    def explanation(self, item: Item, key: str) -> str:
        """Return a cell's tooltip, "" for none."""
        return ""

    def name_of(self, item: Item) -> str:
        """Return an item's name if it can be changed, else ""."""
        return ""

    def key_of(self, item: Item) -> str:
        """Return an item's unique key, which stays the same when it is read again: its `id`, a number itself."""
        return str(getattr(item, self.key_attribute, item))

    # Filling and finding.
    def set_rows(self, rows: Sequence[Heading | Item], columns: tuple[Column, ...] | None = None) -> None:
        """Show other rows, and other columns if given.

        If columns and keys are the same in the same order, the rows are updated in place.
        """
        if columns in (None, self.columns) and self._has_same_keys(rows):
            self._rows = list(rows)
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(self.columns) - 1))
            return
        self.beginResetModel()
        self._rows, self.columns = list(rows), self.columns if columns is None else columns
        self.endResetModel()

    def _has_same_keys(self, rows: Sequence[Heading | Item]) -> bool:
        return [self._identity(row) for row in rows] == [self._identity(row) for row in self._rows]

    def _identity(self, row: Heading | Item) -> Heading | str:
        return row if isinstance(row, Heading) else self.key_of(row)

    def items(self) -> list[Item]:
        return [row for row in self._rows if not isinstance(row, Heading)]

    def headings(self) -> list[Heading]:
        return [row for row in self._rows if isinstance(row, Heading)]

    def item_at(self, row: int) -> Item | None:
        """Return the item of a row, None for a heading or a missing row."""
        found = self._rows[row] if 0 <= row < len(self._rows) else None
        return None if isinstance(found, Heading) else found

    def is_heading(self, row: int) -> bool:
        return isinstance(self._rows[row], Heading)

    def row_of(self, key: str) -> int:
        """Return the row of the item with this key, −1 if it is not shown."""
        for row, found in enumerate(self._rows):
            if not isinstance(found, Heading) and self.key_of(found) == key:
                return row
        return -1

    def replace(self, item: Item) -> None:
        """Update an item that was read again, in its row."""
        row = self.row_of(self.key_of(item))
        if row >= 0:
            self._rows[row] = item
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(self.columns) - 1))

    # QAbstractTableModel.
    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or self.is_heading(index.row()):
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        item = self.item_at(index.row())
        is_name = index.column() == 0 and item is not None and self.name_of(item)
        return flags | Qt.ItemFlag.ItemIsEditable if is_name else flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Report the name that was typed for an item, if it is another."""
        item, name = self.item_at(index.row()), " ".join(str(value).split())
        if item is None or name in ("", self.name_of(item)):
            return False
        self.renamed.emit(item, name)
        return True

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.head
        # A name may be too long for its column.
        return escaping.escaped(column.head) if role == Qt.ItemDataRole.ToolTipRole and column.as_is else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        found = self._rows[index.row()]
        if isinstance(found, Heading):
            return _heading_data(found, index.column(), role)
        key = self.columns[index.column()].key
        if role == Qt.ItemDataRole.CheckStateRole:
            return _check_state(self.cell(found, key))
        if role == Qt.ItemDataRole.EditRole:
            return self.name_of(found)
        return self._item_data(found, key, index.column(), role)

    def _item_data(self, item: Item, key: str, column: int, role: int) -> Any:
        if role == CELL_ROLE:
            return self.cell(item, key)
        if role == ITEM_ROLE:
            return item
        if role == Qt.ItemDataRole.DisplayRole:
            return text_of(self.cell(item, key))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            text = self.accessible_text(item) if column == 0 else text_of(self.cell(item, key))
            return escaping.in_one_line(text)
        if role == Qt.ItemDataRole.ToolTipRole:
            return escaping.escaped(self.explanation(item, key)) or None
        return None


def _heading_data(head: Heading, column: int, role: int) -> Any:
    if role == HEADING_ROLE:
        return head
    if role == Qt.ItemDataRole.DisplayRole and column == 0:
        return head.title
    if role == Qt.ItemDataRole.AccessibleTextRole and column == 0:
        return f"{head.title}, {head.facts}" if head.facts else head.title
    return None


def _check_state(cell: Cell) -> Qt.CheckState | None:
    """Return the check state for screen readers; None for a cell without a check box."""
    if not isinstance(cell, CheckCell):
        return None
    return Qt.CheckState.Checked if cell.on else Qt.CheckState.Unchecked


def text_of(cell: Cell) -> str:
    if isinstance(cell, CheckCell):
        return f"{cell.text}, {cell.detail}" if cell.detail else cell.text
    return cell.text


@dataclass(frozen=True)
class TextCell(ShownTexts):
    """A line of text with its font role and colour token, and a small note at the right."""

    text: str
    role: str = "body"
    token: str = "muted"
    right: bool = False
    note: str = ""


@dataclass(frozen=True)
class NameCell(ShownTexts):
    """A name with its tags."""

    text: str
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "tags", tuple(map(escaping.in_one_line, self.tags)))


@dataclass(frozen=True)
class CheckCell(ShownTexts):
    """A check box, a name, and a detail in a lighter colour."""

    text: str
    detail: str
    on: bool


@dataclass(frozen=True)
class ScoreCell(ShownTexts):
    """A score, and its interval on an axis, with the base model's mean if known."""

    text: str
    interval: ConfidenceInterval
    axis: tuple[float, float] = (0.0, 1.0)
    base: float | None = None


@dataclass(frozen=True)
class IconTextCell(ShownTexts):
    """An icon and a text in one colour, as a verdict or a gain has; `tail` is the end of the text that is never cut."""

    icon: str
    text: str
    token: str
    right: bool = False
    role: str = "body"
    text_token: str = ""
    tail: str = ""


@dataclass(frozen=True)
class LinkCell(ShownTexts):
    """An action, shown as a link."""

    text: str
    right: bool = False


@dataclass(frozen=True)
class TwoLineCell(ShownTexts):
    """A title over another line, with an icon and a note at the title's right; a `share` is drawn as a bar.

    The title stands out, or with `stresses_foot` the line below it.
    """

    title: str
    foot: str
    icon: str = ""
    note: str = ""
    token: str = "muted"
    share: float | None = None
    stresses_foot: bool = False

    @property
    def text(self) -> str:
        """Both lines, as far as there is something to say."""
        return ", ".join(filter(None, (self.title, self.note, self.foot)))


Cell = TextCell | NameCell | CheckCell | ScoreCell | IconTextCell | LinkCell | TwoLineCell
EMPTY = TextCell("")


def score_cell(
    spread: Mapping[str, float], axis: tuple[float, float], base: float | None, token: str = "muted"
) -> ScoreCell:
    """Return the cell of a mean in points with its interval."""
    return ScoreCell(score(spread["mean"]), confidence_interval(spread, token), axis, base)


def verdict_cell(difference: Mapping[str, Any] | None, token: str = "muted") -> Cell:
    """Return the cell of a paired difference; `token` is the colour of none."""
    if difference is None:
        return TextCell(UNKNOWN, token=token)
    icon, word, token = VERDICTS.get(str(difference.get("verdict")), UNKNOWN_VERDICT)
    return IconTextCell(icon, tr(word), token)
