"""The actions on an entry of an arena and on a row of its table, for menus and the palette. Knows no widget."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import arenas
from gui.core.actions import Entry
from gui.core.clipboard import copy_command, copy_recipe
from gui.look.language import tr
from gui.models.list_text import seed_text
from gui.pages.arena.arena_operations import ArenaOperations
from gui.shell.page import about
from gui.widgets.menus import SEPARATOR

EntryStatus = arenas.EntryStatus


class EntryMenu(QObject):
    """`open_requested(run id)` opens a run, `library_requested(adapter id)` its adapter; `deleted`: the arena is gone.

    `arena` is the one shown.
    """

    open_requested = Signal(str)
    library_requested = Signal(str)
    deleted = Signal()

    def __init__(self, operations: ArenaOperations, queue: Any, parent: QObject) -> None:
        super().__init__(parent)
        self.arena: arenas.Arena | None = None
        self._operations = operations
        self._queue = queue

    def open_run(self, status: EntryStatus) -> None:
        """Open an entry's run, if it has one."""
        if status.run is not None:
            self.open_requested.emit(status.run.id)

    def of_row(self, row: arenas.Row) -> list[Entry]:
        """Return the actions of a row; of a set of seeds, those that open the run of each.

        The queue has each seed as an entry of its own, with everything else.
        """
        if row.seeds is None:
            return self.of_entry(row.status)
        found: list[Entry] = []
        for status in row.statuses:
            found += about(seed_text(status.entry), self._ways_out(status))
        return [*found, SEPARATOR, self._deletion()]

    def of_entry(self, status: EntryStatus) -> list[Entry]:
        """Return the possible actions of an entry."""
        operations, entries = self._operations, self._ways_out(status)
        runs = status.state == "running" or operations.follows(status)
        arena = self.arena
        if operations.follows(status):
            entries.append((tr("Stop the run"), lambda: operations.stop(status), ""))
        elif arena is not None and status.state == "stopped" and self._queue.works(arena.id):
            entries.append((tr("Resume the run"), lambda: operations.go_on(arena, status), ""))
        if arena is not None and not runs:
            if status.entry.run:
                entries.append((tr("Run again"), lambda: operations.run_again(arena, status), ""))
            remove = partial(operations.remove, arena, status)
            entries += [SEPARATOR, (tr("Remove from the arena"), remove, "list.delete")]
        return [*entries, SEPARATOR, self._deletion()]

    def _ways_out(self, status: EntryStatus) -> list[Entry]:
        found: list[Entry] = []
        run = status.run
        if run is not None:
            found.append((tr("Open the run"), lambda: self.open_run(status), "list.open"))
            if run.adapter_id:
                found.append((tr("Show in library"), lambda: self.library_requested.emit(run.adapter_id), ""))
        if status.recipe is not None:
            found += [
                (tr("Copy recipe"), partial(copy_recipe, status.recipe), ""),
                (tr("Copy as command"), partial(copy_command, status.recipe), ""),
            ]
        return found

    def _deletion(self) -> Entry:
        return tr("Delete the arena"), self._delete, ""

    def _delete(self) -> None:
        if self.arena is not None:
            self._operations.delete(self.arena)
        self.deleted.emit()
