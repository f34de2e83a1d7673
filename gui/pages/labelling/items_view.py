"""The list of a set's conversations, number, state and first words, and the way through it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QSignalBlocker, Qt
from PySide6.QtWidgets import QStackedWidget, QWidget

from engine.api import escaping, labelling
from gui.inputs.fields import SearchField
from gui.look import style
from gui.look.format import number_text
from gui.look.language import mark, tr
from gui.models.grouped_table import Column, GroupedTable, TwoLineCell
from gui.pages.labelling import labelling_text
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.labels import ElidedLabel, Label
from gui.widgets.layouts import fill, vbox

INSET, ROW_HEIGHT = 12, 52
# Each row shows one line, whatever the length of the conversation.
MAX_CHARACTERS = 160

GetItem = Callable[[int], labelling.Item]


def first_words(conversation: str) -> str:
    """Return the beginning of a conversation on one line."""
    return escaping.escaped(" ".join(conversation[:MAX_CHARACTERS].split()))


class ItemsTable(GroupedTable[int]):
    """Conversations by their numbers. Each is looked up only when it is drawn, so there may be any number."""

    columns = (Column("item", "", as_is=True),)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._get: GetItem | None = None

    def show_numbers(self, numbers: Sequence[int], get: GetItem) -> None:
        self._get = get
        self.set_rows(numbers)

    def _item(self, number: int) -> labelling.Item:
        assert self._get is not None
        return self._get(number)

    def cell(self, item: int, key: str) -> TwoLineCell:
        found = self._item(item)
        state = labelling_text.state(found)
        return TwoLineCell(
            number_text(item),
            first_words(found.conversation),
            state.icon,
            state.text,
            state.token,
            stresses_foot=True,
        )


class ItemsPane(QWidget):
    """The list with a search field above it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        style.set_background(self, "surface")
        self._numbers: Sequence[int] = ()
        self.table = ItemsTable(self)
        # The focus alone leads to no other conversation.
        self.view = GroupedTableView(
            self.table, tr("Conversations of this set"), ROW_HEIGHT, chooses_on_focus=False
        )
        self.view.horizontalHeader().hide()
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
        with QSignalBlocker(self.view):
            self._list(numbers, get, current)
        self._count.setText(f"{title}: {number_text(len(numbers))}")
        self._nothing.setText(tr("No conversation found") if self.search.text() else tr("None"))
        self._stack.setCurrentWidget(self.view if numbers else self._nothing)

    def _list(self, numbers: Sequence[int], get: GetItem, current: int) -> None:
        if numbers is not self._numbers:
            self._numbers = numbers
            self.table.show_numbers(numbers, get)
        if current not in numbers:
            self.view.choose_nothing()
            return
        at = self.table.index(numbers.index(current), 0)
        self.view.update(at)
        if self.view.current() != current:
            self.view.choose(str(current))

    def count(self) -> str:
        return self._count.text()


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
