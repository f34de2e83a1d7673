"""The list of a set's conversations, number, state and first words, and the way through it.

Rows are drawn only when visible and have no widgets, so the list may have any length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QItemSelectionModel, QRectF, Qt, Signal
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
from gui.inputs.fields import SearchField
from gui.look import icons, style
from gui.look.focus_rim import has_rim
from gui.look.fonts import px
from gui.look.format import number_text
from gui.look.language import mark, tr
from gui.models.grouped_table import ITEM_ROLE, Index, RowModel
from gui.pages.labelling import labelling_text
from gui.tables.cell_delegate import draw_background, draw_text
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import fill, vbox

INSET = 14
# Each row shows one line, whatever the length of the conversation.
MAX_CHARACTERS = 160

GetItem = Callable[[int], labelling.Item]


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
        self._get: GetItem | None = None
        self._model = RowModel(self._first_words, spoken=self._spoken)
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
        self.verticalHeader().setDefaultSectionSize(px(52))
        self.viewport().update()

    def _item(self, number: int) -> labelling.Item:
        assert self._get is not None
        return self._get(number)

    def _first_words(self, number: int, _column: int) -> str:
        return first_words(self._item(number).conversation)

    def _spoken(self, number: int) -> str:
        return f"{number_text(number)}, {self.status(number).text}, {self._first_words(number, 0)}"

    def status(self, number: int) -> labelling_text.Status:
        return labelling_text.state(self._item(number))

    def table(self) -> RowModel:
        return self._model

    def show_numbers(self, numbers: Sequence[int], get: GetItem, current: int) -> None:
        """List conversations; select the current one, if it is among them."""
        model, bar = self._model, self.verticalScrollBar()
        if numbers is not model.rows:
            scrolled = bar.value()
            self._get = get
            model.show_rows(numbers)
            self.doItemsLayout()
            bar.setValue(scrolled)
        if current not in numbers:
            self.selectionModel().clear()
            return
        position = numbers.index(current)
        at = model.index(position, 0)
        self.update(at)
        if position != self.currentIndex().row():
            self.selectionModel().setCurrentIndex(at, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.scrollTo(at)

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Report a row that the user selected; a row selected by the program is current already."""
        super().currentChanged(current, previous)
        if current.isValid():
            self.chosen.emit(current.data(ITEM_ROLE))

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
        fill(self._stack, self.view, self._nothing)
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
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        selected = draw_background(painter, option, hovered=hovered)
        inner = option.rect.adjusted(px(INSET), px(7), -px(INSET), -px(7))
        number, view = index.data(ITEM_ROLE), self.parent()
        assert isinstance(view, ItemsView)
        status = view.status(number)
        top = Qt.AlignmentFlag.AlignTop
        draw_text(painter, inner, number_text(number), "figure_small", "hint", vertical=top)
        wide = draw_text(painter, inner, status.text, "label", status.token, right=True, vertical=top)
        if status.icon:
            side, height = px(14), painter.fontMetrics().height()
            place = QRectF(inner.right() - wide - px(6) - side, inner.top() + (height - side) / 2, side, side)
            icons.paint(painter, place, status.icon, status.token)
        bottom = Qt.AlignmentFlag.AlignBottom
        draw_text(painter, inner, str(index.data()), "body", "text", vertical=bottom)
        if selected and has_rim(option.widget):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(style.color("accent"), 2))
            painter.drawRoundedRect(QRectF(option.rect).adjusted(1, 1, -1, -2), 5, 5)
        painter.restore()


SHOWN = {
    "to_do": ("open", "drafted"),
    "drafted": ("drafted",),
    "accepted": ("accepted",),
    "skipped": ("skipped",),
    "all": ("open", "drafted", "accepted", "skipped"),
}
# Each order with its title and its purpose.
ORDERS = {
    "given": (mark("Original order"), mark("In the order of the source.")),
    "longest": (mark("Longest first"), mark("Long conversations first, the hardest to summarise.")),
}


class ItemOrder:
    """The listed conversations of one set."""

    def __init__(self) -> None:
        self.order = "given"
        self.shown = "to_do"
        self.search = ""
        self._work: labelling.LabellingSet | None = None
        self._numbers: list[int] | None = None

    def take(self, work: labelling.LabellingSet | None) -> None:
        self._work = work
        self.shown, self.search = "to_do", ""
        self.renew()

    def renew(self) -> None:
        """List again after a change."""
        self._numbers = None

    def numbers(self) -> Sequence[int]:
        if self._numbers is None:
            items = self._work.in_state(*SHOWN[self.shown]) if self._work is not None else []
            if self.search:
                items = [item for item in items if _answers(item, self.search)]
            if self.order == "longest":
                items.sort(key=lambda item: len(item.conversation), reverse=True)
            self._numbers = [item.number for item in items]
        return self._numbers


def _answers(item: labelling.Item, search: str) -> bool:
    """Return whether a conversation contains the searched words, or has the searched number."""
    return search == str(item.number) or search.casefold() in item.conversation.casefold()


class ItemNavigation:
    """The visited conversations, by number, like the history of a browser."""

    def __init__(self) -> None:
        self._seen: list[int] = []
        self._at = -1

    @property
    def current(self) -> int | None:
        return self._seen[self._at] if self._seen else None

    @property
    def can_go_back(self) -> bool:
        """Whether there is an earlier conversation to go back to."""
        return self._at > 0

    def go(self, number: int) -> None:
        """Make a conversation the current one, and forget those ahead of it."""
        if number != self.current:
            self._seen[self._at + 1 :] = [number]
            self._at += 1

    def back(self) -> None:
        self._at = max(0, self._at - 1) if self._seen else -1

    def forward(self, listed: Sequence[int]) -> None:
        """Go forward again, or to the first of `listed` not visited yet.

        If all were visited, go to the one after the current one, or from the last to the first.
        """
        if self._at + 1 < len(self._seen):
            self._at += 1
        else:
            self.on(listed)

    def on(self, listed: Sequence[int]) -> None:
        """Go to the next conversation in `listed`, once the current one is done."""
        follows = self._first_unseen(listed)
        if follows is not None:
            self.go(follows)

    def _first_unseen(self, listed: Sequence[int]) -> int | None:
        seen = set(self._seen)
        unseen = next((number for number in listed if number not in seen), None)
        if unseen is not None or not listed:
            return unseen
        after = listed.index(self.current) + 1 if self.current in listed else 0
        return listed[after % len(listed)]
