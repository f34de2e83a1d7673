"""Saves a list's search, filter and sort order between starts."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress

from gui.core.saved_state import SavedState, values_of
from gui.inputs.search_field import SearchField
from gui.inputs.segmented_control import SegmentedControl
from gui.tables.grouped_view import GroupedTableView


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
