"""The list of a set's conversations: number, state and first words.

Rows are drawn only when visible and have no widgets, so the list may have any length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from engine.api import escaping, labelling
from gui.inputs.search_field import SearchField
from gui.look import icons, style
from gui.look.focus_rim import has_rim
from gui.look.fonts import font, px
from gui.look.format import number_text
from gui.look.language import tr
from gui.pages.labelling import labelling_text
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import vbox

ROW_HEIGHT = 52
INSET, BAR, ICON = 14, 3, 14
# Each row shows one line, whatever the length of the conversation.
MAX_CHARACTERS = 160
NUMBER_ROLE = Qt.ItemDataRole.UserRole
STATE_ROLE = Qt.ItemDataRole.UserRole + 1

Index = QModelIndex | QPersistentModelIndex
GetItem = Callable[[int], labelling.Item]


class ItemsModel(QAbstractTableModel):
    """A model of conversation numbers; an item is read when its row is drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers: Sequence[int] = ()
        self._positions: dict[int, int] | None = None
        self._get: GetItem | None = None

    def show_numbers(self, numbers: Sequence[int], get: GetItem) -> None:
        self.beginResetModel()
        self._numbers, self._positions, self._get = numbers, None, get
        self.endResetModel()

    def numbers(self) -> Sequence[int]:
        return self._numbers

    def position_of(self, wanted: int) -> int:
        """Return the row of a conversation, or -1 if it is not listed."""
        if self._positions is None:
            self._positions = {listed: position for position, listed in enumerate(self._numbers)}
        return self._positions.get(wanted, -1)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._numbers)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._get is None or not index.isValid():
            return None
        item = self._get(self._numbers[index.row()])
        if role == NUMBER_ROLE:
            return item.number
        if role == STATE_ROLE:
            return labelling_text.state(item)
        if role == Qt.ItemDataRole.DisplayRole:
            return first_words(item.conversation)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            state = labelling_text.state(item).text
            return f"{number_text(item.number)}, {state}, {first_words(item.conversation)}"
        return None


def first_words(conversation: str) -> str:
    """Return the beginning of a conversation on one line."""
    return escaping.escaped(" ".join(conversation[:MAX_CHARACTERS].split()))


class ItemsView(QTableView):
    """A table with one column: unlike a list view, Qt's table lays out visible rows only.

    `chosen(number)` follows the selection. `left` requests the editor, after Return, Esc or a double click.
    """

    chosen = Signal(int)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._model = ItemsModel(self)
        self.setModel(self._model)
        self.setItemDelegate(_RowDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        for head in (self.horizontalHeader(), self.verticalHeader()):
            head.hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.setAccessibleName(tr("Conversations of this set"))
        self.doubleClicked.connect(self.left)
        style.on_style_changed(self._restyle)

    def _restyle(self) -> None:
        self.verticalHeader().setDefaultSectionSize(px(ROW_HEIGHT))
        self.viewport().update()

    def table(self) -> ItemsModel:
        return self._model

    def show_numbers(self, numbers: Sequence[int], get: GetItem, current: int) -> None:
        """List conversations; select the current one, if it is among them."""
        model, bar = self._model, self.verticalScrollBar()
        if numbers is not model.numbers():
            scrolled = bar.value()
            model.show_numbers(numbers, get)
            self.doItemsLayout()
            bar.setValue(scrolled)
        position = model.position_of(current)
        if position < 0:
            self.selectionModel().clear()
            return
        at = model.index(position, 0)
        self.update(at)
        if position != self.currentIndex().row():
            self.selectionModel().setCurrentIndex(at, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.scrollTo(at)

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Report a row that the user selected; a row selected by the program is current already."""
        super().currentChanged(current, previous)
        if current.isValid():
            self.chosen.emit(current.data(NUMBER_ROLE))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape) and not event.modifiers():
            self.left.emit()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select the first row if none is selected."""
        if self.currentIndex().isValid() or not self._model.rowCount():
            super().focusInEvent(event)
            return
        blocked = self.blockSignals(True)
        super().focusInEvent(event)
        self.blockSignals(blocked)


class ItemsPane(QWidget):
    """The list with a search field above it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        style.set_background(self, "surface")
        self.view = ItemsView()
        self.search = SearchField(tr("Search conversations"))
        self._count = Label("", "figure_small", "hint")
        self._nothing = ElidedLabel("", "body", "hint")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        for part in (self.view, self._nothing):
            self._stack.addWidget(part)
        head = QWidget()
        vbox(self.search, self._count, of=head, margins=(INSET, 14, INSET, 8), spacing=8)
        vbox(head, (self._stack, 1), of=self, spacing=0)

    def show_list(self, numbers: Sequence[int], get: GetItem, current: int, title: str) -> None:
        """List conversations under a title such as "To do"."""
        self.view.show_numbers(numbers, get, current)
        self._count.setText(f"{title}: {number_text(len(numbers))}")
        self._nothing.setText(tr("No conversation found") if self.search.text() else tr("None"))
        self._stack.setCurrentWidget(self.view if numbers else self._nothing)

    def count(self) -> str:
        return self._count.text()


class _RowDelegate(QStyledItemDelegate):
    """Draws a row: number and state above, the first words below."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        rect = QRect(option.rect)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(rect, style.color("accent_soft"))
            painter.fillRect(rect.left(), rect.top(), BAR, rect.height(), style.color("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, style.color("hover", 0.6))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, style.color("line"))
        inner = rect.adjusted(px(INSET), px(7), -px(INSET), -px(7))
        self._paint_head(painter, inner, index)
        painter.setFont(font("body"))
        painter.setPen(style.color("text"))
        shown = painter.fontMetrics().elidedText(
            str(index.data()), Qt.TextElideMode.ElideRight, inner.width()
        )
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, shown)
        if selected and has_rim(option.widget):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(style.color("accent"), 2))
            painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -2), 5, 5)
        painter.restore()

    def _paint_head(self, painter: QPainter, inner: QRect, index: Index) -> None:
        """Draw the number at the left and the state at the right."""
        top = Qt.AlignmentFlag.AlignTop
        painter.setFont(font("figure_small"))
        painter.setPen(style.color("hint"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | top, number_text(index.data(NUMBER_ROLE)))
        status = index.data(STATE_ROLE)
        painter.setFont(font("label"))
        painter.setPen(style.color(status.token))
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | top, status.text)
        if not status.icon:
            return
        width = painter.fontMetrics().horizontalAdvance(status.text)
        side, height = px(ICON), painter.fontMetrics().height()
        left = inner.right() - width - px(6) - side
        icons.paint(
            painter, QRectF(left, inner.top() + (height - side) / 2, side, side), status.icon, status.token
        )
