"""The table model of the trash: deleted adapters, runs, arenas and blind comparisons, the last deleted first."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.api import trash_contents
from gui.look.format import bytes_text
from gui.look.language import mark, tr
from gui.models.cells import Cell, Named, Text
from gui.models.grouped_table import Column, GroupedTable
from gui.models.list_text import when_text

Trashed = trash_contents.Trashed
KINDS = {
    "adapter": mark("Adapter"),
    "run": mark("Run"),
    "arena": mark("Arena"),
    "comparison": mark("Blind comparison"),
    "unknown": mark("Unknown"),
}


class TrashTable(GroupedTable[Trashed]):
    """What is in the trash; `set_rows` takes it."""

    columns = (
        Column("name", mark("Name")),
        Column("kind", mark("Kind"), 140),
        Column("deleted", mark("Deleted"), 112, right=True),
        Column("size", mark("Size"), 88, right=True),
    )

    def key_of(self, item: Trashed) -> str:
        return item.folder.name

    def cell(self, item: Trashed, key: str) -> Cell:
        if key == "name":
            return Named(item.name)
        if key == "kind":
            return Text(tr(KINDS[item.kind]))
        if key == "deleted":
            return Text(_when(item), "figure", right=True)
        return Text(bytes_text(item.size_bytes), "figure", "ink", right=True)

    def accessible_text(self, item: Trashed) -> str:
        return ", ".join([item.name, tr(KINDS[item.kind]), _when(item), bytes_text(item.size_bytes)])


def _when(trashed: Trashed) -> str:
    return when_text(datetime.fromtimestamp(trashed.at, UTC), datetime.now(UTC))
