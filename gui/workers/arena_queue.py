"""Runs the entries of arenas, each in its turn in the queue for the device.

An arena waits there as one piece of work, and again after each of its entries. Its folder is read again before each, so
that entries may be added, moved and removed meanwhile. Knows no widget.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.api import AppError, arenas
from gui.look.language import translate
from gui.workers.device_queue import Waiting
from gui.workers.run_model import RunModel

if TYPE_CHECKING:
    from gui.workers.worker_manager import WorkerManager

Arena = arenas.Arena


class ArenaQueue(QObject):
    """`changed`: an entry or an arena started or ended; `failed(text)`: why an entry could not start."""

    changed = Signal()
    failed = Signal(str)

    def __init__(self, manager: WorkerManager) -> None:
        super().__init__(manager)
        self._manager, self._queue = manager, manager.device_queue
        self._reader = arenas.Reader()
        # Of each arena that is worked here: the lock of its queue, and the entries that were tried.
        self._locks: dict[str, ExitStack] = {}
        self._tried: dict[str, set[str]] = {}
        self._running: Arena | None = None
        self._queue.serve("arena", self._begin_next)
        self._queue.removed.connect(self._on_removed)
        manager.run_ended.connect(self._on_run_ended)

    def works(self, arena_id: str) -> bool:
        """Return whether an arena's entries are run here, now or in their turn."""
        return self._waits(arena_id) or (self._running is not None and self._running.id == arena_id)

    def start(self, arena: Arena) -> None:
        """Run an arena's entries from now on. Raises ArenaError if another process runs them."""
        self._hold(arena)
        self._tried[arena.id] = set()
        arenas.set_paused(arena, paused=False)
        if self._queue.paused:
            self._queue.set_paused(False)
        if not self._waits(arena.id):
            self._queue.add("arena", arena.name, {"arena": arena.id})
        self.changed.emit()

    def pause(self, arena: Arena) -> None:
        """Start no more entries; the running one continues to its end."""
        entry = self._queue.find("arena", arena=arena.id)
        if entry is not None:
            self._queue.remove(entry.key)
        else:
            self._rest(arena.id)

    def try_again(self, arena: Arena, entry_id: str) -> None:
        """Let an arena that is worked here start an entry again that was tried already."""
        if self.works(arena.id):
            self._tried.get(arena.id, set()).discard(entry_id)
            self._wait_again(arena)

    def release(self) -> None:
        """Release all arenas for other processes; the running entry continues."""
        for lock in self._locks.values():
            lock.close()
        self._locks.clear()

    def _waits(self, arena_id: str) -> bool:
        return self._queue.find("arena", arena=arena_id) is not None

    def _hold(self, arena: Arena) -> None:
        if arena.id not in self._locks:
            lock = ExitStack()
            lock.enter_context(arenas.working(arena))
            self._locks[arena.id] = lock

    def _on_removed(self, entry: Waiting) -> None:
        if entry.kind == "arena":
            self._rest(entry.arguments["arena"])

    def _rest(self, arena_id: str) -> None:
        """Pause an arena and release it for other processes; an entry that runs continues."""
        try:
            arenas.set_paused(arenas.find(arena_id), paused=True)
        except AppError as error:
            self.failed.emit(translate(arenas.why_not(error)))
        if self._running is not None and self._running.id == arena_id:
            self._running = None
        self._release_ended()

    def _release_ended(self) -> None:
        for arena_id in [each for each in self._locks if not self.works(each)]:
            self._locks.pop(arena_id).close()
            self._tried.pop(arena_id, None)
        self.changed.emit()

    def _next_up(self, arena: Arena) -> arenas.EntryStatus | None:
        """Return the entry to start next, None if the arena is paused or has no open one."""
        if arena.paused:
            return None
        return arenas.next_up(self._reader.read(arena), self._tried.setdefault(arena.id, set()))

    def _begin_next(self, given: Mapping[str, Any]) -> None:
        """Start the next entry, past those that can't be; the arena waits again for the one after."""
        arena = arenas.find(given["arena"])
        self._hold(arena)
        self._running = arena
        while self._manager.current is None and (status := self._next_up(arena)) is not None:
            self._tried[arena.id].add(status.entry.id)
            try:
                job = arenas.job_of(arena, status)
                if status.state == "running":
                    self._manager.attach(job)
                else:
                    self._manager.resume(job.id)
            except AppError as error:
                self.failed.emit(f"{translate(status.entry.name)}: {translate(arenas.why_not(error))}")
        if self._manager.current is None:
            self._running = None
        self._wait_again(arena)
        self._release_ended()

    def _wait_again(self, arena: Arena) -> None:
        """Let the arena wait for its next entry, before all other work, if it has one."""
        try:
            is_open = self._next_up(arenas.open_arena(arena.folder)) is not None
        except AppError as error:
            self.failed.emit(translate(arenas.why_not(error)))
            return
        if is_open and not self._waits(arena.id):
            self._queue.put_first("arena", arena.name, {"arena": arena.id})

    def _on_run_ended(self, _run: RunModel) -> None:
        arena, self._running = self._running, None
        if arena is not None:
            self._wait_again(arena)
        self._release_ended()
