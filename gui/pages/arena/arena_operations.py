"""Operations on an arena and its entries, and the menus that offer them. Writes to the arena's folder.

Knows no widget.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import AppError, arenas
from gui.core.actions import Entry
from gui.core.clipboard import copy_command, copy_recipe
from gui.look.language import tr, translate
from gui.models.list_text import entry_text, seed_text
from gui.shell.page import about
from gui.widgets.buttons import SEPARATOR
from gui.workers.download_prompt import DownloadPrompt, repositories

Arena = arenas.Arena
EntryStatus = arenas.EntryStatus


class ArenaOperations(QObject):
    """`changed`: the arena must be read again; `restored(arena id)`: one is back from the trash.

    `done(text, undo or None)`: what was done; `failed(text)`: an error. `asked(text, action)`: the queue would download
    something, and waits for `confirm_download`.
    """

    changed = Signal()
    restored = Signal(str)
    done = Signal(str, object)
    failed = Signal(str)
    asked = Signal(str, str)

    def __init__(self, manager: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._manager = manager
        self._queue = manager.arena_queue
        self._prompt = DownloadPrompt(manager, self)
        self._prompt.opened.connect(lambda arena: self._try(lambda: self._queue.start(arena)))
        self._prompt.says.connect(self._on_download_checked)

    def follows(self, status: EntryStatus) -> bool:
        """Return whether this window follows the entry's run."""
        current = self._manager.current
        return current is not None and current.id == status.entry.run

    @property
    def is_checking(self) -> bool:
        """Return whether it is looked up what a queue would download."""
        return self._prompt.is_checking

    def start(self, arena: Arena) -> None:
        """Run the queue in this window, once what it needs is on this computer or may be downloaded."""
        self._try(lambda: self._prompt.request(arena, repositories(arena.recipe())))

    def confirm_download(self) -> None:
        """Start the queue that asked."""
        self._prompt.confirm()

    def _on_download_checked(self, text: str, action: str) -> None:
        if action:
            self.asked.emit(text, action)
        else:
            self.failed.emit(text)
        self.changed.emit()

    def pause(self, arena: Arena) -> None:
        """Start no more entries."""
        self._try(lambda: self._queue.pause(arena))

    def move(self, arena: Arena, entry_id: str, by: int) -> None:
        """Move an entry earlier or later."""
        ids = [each.id for each in arena.entries]
        self._try(lambda: arenas.move(arena, entry_id, ids.index(entry_id) + by))

    def remove(self, arena: Arena, status: EntryStatus) -> None:
        """Remove an entry from the arena; its run stays in the history."""
        entry = status.entry
        if status.state == "running" or self.follows(status):
            self.failed.emit(tr("{entry} is running. Stop it first.", entry=entry_text(entry)))
            return
        position = [each.id for each in arena.entries].index(entry.id)
        if self._try(lambda: arenas.remove(arena, entry.id)):
            done = tr("Removed {entry} from the arena.", entry=entry_text(entry))
            self.done.emit(
                f"{done} {tr('Its run stays in the history.')}" if entry.run else done,
                lambda: self._try(lambda: arenas.put_back(arena, entry, position)),
            )

    def stop(self, status: EntryStatus) -> None:
        """Stop an entry's run after a checkpoint; the queue continues with the next."""
        if self.follows(status):
            self._try(self._manager.current.stop)

    def run_again(self, arena: Arena, status: EntryStatus) -> None:
        """Put an entry back into the queue, for a new run."""
        if self._try(lambda: arenas.set_run(arena, status.entry.id, "")):
            self._queue.try_again(arena, status.entry.id)

    def go_on(self, arena: Arena, status: EntryStatus) -> None:
        """Resume a stopped entry from its last checkpoint."""
        self._queue.try_again(arena, status.entry.id)

    def delete(self, arena: Arena) -> None:
        """Move an arena to the trash; its runs and adapters stay."""
        trashed: list[Path] = []
        if self._try(lambda: trashed.append(arenas.delete(arena))):
            self.done.emit(
                tr("Moved {arena} to the trash. Its runs and adapters stay.", arena=arena.name),
                lambda: self._try(lambda: self.restored.emit(arenas.restore_arena(trashed[0]).id)),
            )

    def _try(self, operation: Callable[[], object]) -> bool:
        """Run an operation on the folder; return whether it succeeded."""
        try:
            operation()
        except AppError as error:
            self.failed.emit(translate(arenas.why_not(error)))
            return False
        finally:
            self.changed.emit()
        return True


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
