"""A list with search and filter above, strips below, and an empty state in its place.

Knows nothing about the items.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from contextlib import suppress

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from gui.core.preferences import SavedState, values_of
from gui.inputs.choices import SegmentedControl
from gui.inputs.fields import SearchField
from gui.look import style
from gui.look.language import tr
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.cards import ClosableNotice, EmptyState, UndoStrip
from gui.widgets.labels import ElidedLabel
from gui.widgets.layouts import FlowBox, fill, hbox, vbox


class ListPane(QWidget):
    """`narrowed(filter, search)` is emitted when the user filters or searches."""

    narrowed = Signal(str, str)

    def __init__(
        self,
        view: GroupedTableView,
        placeholder: str,
        filters: Mapping[str, str],
        empty: EmptyState,
        nothing_found: EmptyState,
    ) -> None:
        super().__init__()
        self.view = view
        self.search = SearchField(placeholder)
        self.filter = SegmentedControl(list(filters.items()), short=True, name=tr("Show"))
        self.right = ElidedLabel("", "figure_small", "hint")
        self.right.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.undo_strip = UndoStrip()
        self.notice = ClosableNotice()
        self._empty, self._nothing_found = empty, nothing_found
        self._stack = QStackedWidget()
        fill(self._stack, self.view, self._empty, self._nothing_found)
        style.scale(self.search, QWidget.setFixedWidth, 240)
        tools = hbox((FlowBox([self.search, self.filter], 16), 3), (self.right, 1), spacing=16)
        parts = (tools, (self._stack, 1), self.notice, self.undo_strip)
        self._column = vbox(*parts, of=self, margins=(24, 16, 24, 16), spacing=12)
        self.search.searched.connect(self._emit_filtered)
        self.filter.currentChanged.connect(self._emit_filtered)

    def add_tools(self, tools: QWidget) -> None:
        self._column.insertWidget(1, tools)

    def add_strip(self, strip: QWidget) -> None:
        self._column.addWidget(strip)

    def clear(self) -> None:
        self.search.clear()
        self.filter.set_current("all")

    def show_state(self, *, any_there: bool) -> None:
        listed = self.view.table().rowCount() > 0
        self._stack.setCurrentWidget(
            self.view if listed else self._nothing_found if any_there else self._empty
        )
        for part in (self.search, self.filter):
            part.setVisible(any_there)
        if self.view.current() is None:
            self.view.choose_first()

    def show_notice(self, text: str) -> None:
        self.notice.say(text)

    def show_error(self, text: str) -> None:
        self.notice.warn(text)

    def _emit_filtered(self, _changed: str) -> None:
        self.narrowed.emit(self.filter.current(), self.search.text().strip())


def save_list_state(
    view: GroupedTableView,
    search: SearchField | None = None,
    shown: SegmentedControl | None = None,
    orders: Collection[str] = (),
) -> None:
    """Save search, filter and order; `orders` are the orders without a column head."""

    def saved() -> str:
        return json.dumps(
            {
                "search": search.text() if search is not None else "",
                "shown": shown.current() if shown is not None else "",
                "order": getattr(view.table(), "order", ""),
                "descending": getattr(view.table(), "descending", True),
            }
        )

    def restore(text: str) -> None:
        values = values_of(text)
        if search is not None:
            search.setText(str(values.get("search", "")))
        if shown is not None:
            with suppress(ValueError):
                shown.set_current(str(values.get("shown")))
        _sort(view, values.get("order"), values.get("descending"), orders)

    SavedState(view, "list", saved, restore)


def _sort(view: GroupedTableView, order: object, descending: object, others: Collection[str]) -> None:
    """Sort as a click on a head does: the same order again reverses it."""
    table = view.table()
    known = {column.order for column in table.columns if column.order} | set(others)
    if order not in known:
        return
    for _press in range(2):
        if (getattr(table, "order", ""), getattr(table, "descending", True)) != (order, descending):
            view.order_wanted.emit(order)
