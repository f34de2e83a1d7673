"""Operations on an arena and its entries. Writes to the arena's folder; knows no widget."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import AppError, arenas
from gui.look.language import tr, translate
from gui.models.list_text import entry_text
from gui.workers.download_check import repositories
from gui.workers.download_prompt import DownloadPrompt

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
