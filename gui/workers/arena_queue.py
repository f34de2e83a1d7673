"""Runs the queue of one arena: starts an entry when the device is free, and the next when it has ended.

The arena's folder is read again before each entry, so that entries may be added, moved and removed meanwhile. Knows no
widget.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance

from engine.api import AppError, Job, arenas
from gui.look.language import translate
from gui.models.list_text import entry_text
from gui.workers.run_model import RunModel

Arena = arenas.Arena


class RunStarter(Protocol):
    """Starts runs, one at a time, and knows whether the device is free."""

    @property
    def run_ended(self) -> SignalInstance:
        """Carries the RunModel of an ended run."""

    @property
    def device_changed(self) -> SignalInstance:
        """Emitted when a job took the device, released it or became idle."""

    @property
    def current(self) -> RunModel | None:
        """The run in progress."""

    def claim_device(self) -> bool:
        """Return whether the device is free; what holds it idly is asked to leave."""

    def attach(self, job: Job) -> RunModel:
        """Follow a run that a worker executes already."""

    def resume(self, run_id: str) -> RunModel:
        """Continue a run from its last checkpoint, or start it."""


class ArenaQueue(QObject):
    """`changed`: an entry or the queue started or ended; `failed(text)`: why an entry could not start."""

    changed = Signal()
    failed = Signal(str)

    def __init__(self, starter: RunStarter, parent: QObject) -> None:
        super().__init__(parent)
        self._starter = starter
        self._arena: Arena | None = None
        self._held = ExitStack()
        self._tried: set[str] = set()
        self._reader = arenas.Reader()
        starter.run_ended.connect(self._on_run_ended)
        starter.device_changed.connect(self._soon)

    @property
    def arena_id(self) -> str:
        """The arena whose queue runs here, "" for none."""
        return self._arena.id if self._arena is not None else ""

    def start(self, arena: Arena) -> None:
        """Run an arena's queue from now on. Raises ArenaError if another process runs it."""
        self.release()
        self._held.enter_context(arenas.working(arena))
        self._arena, self._tried = arena, set()
        arenas.set_paused(arena, paused=False)
        self.changed.emit()
        self._soon()

    def pause(self, arena: Arena) -> None:
        """Start no more entries; the running one continues to its end."""
        arenas.set_paused(arena, paused=True)
        if self.arena_id == arena.id:
            self.release()
        self.changed.emit()

    def try_again(self, entry_id: str) -> None:
        """Let the queue start an entry again that it has tried already."""
        self._tried.discard(entry_id)
        self._soon()

    def release(self) -> None:
        """Release the queue for other processes; the running entry continues."""
        self._arena = None
        self._held.close()

    def restore(self) -> None:
        """Continue a queue that was running when the last window closed."""
        for arena in arenas.list_arenas()[0]:
            if self._arena is None and not arena.paused and self._is_open(arena):
                try:
                    self.start(arena)
                except AppError:
                    # Another process runs it.
                    continue

    def _is_open(self, arena: Arena) -> bool:
        return arenas.next_up(self._reader.read(arena), set()) is not None

    def _on_run_ended(self, model: RunModel) -> None:
        if self._arena is None:
            return
        if model.state.device_released:
            # The device was released for something else: the next entry must not take it.
            self.pause(self._arena)
        self.changed.emit()
        self._soon()

    def _soon(self) -> None:
        """Look for the next entry after all listeners have been told of the last one's end."""
        if self._arena is not None:
            QTimer.singleShot(0, self, self._go_on)

    def _go_on(self) -> None:
        if self._arena is None or self._starter.current is not None or not self._starter.claim_device():
            return
        try:
            self._arena = arenas.open_arena(self._arena.folder)
        except AppError as error:
            self._end(error)
            return
        status = None if self._arena.paused else arenas.next_up(self._reader.read(self._arena), self._tried)
        if status is None:
            self._end(None)
            return
        self._tried.add(status.entry.id)
        self._begin(status)

    def _begin(self, status: arenas.EntryStatus) -> None:
        assert self._arena is not None
        try:
            job = arenas.job_of(self._arena, status)
            if status.state == "running":
                self._starter.attach(job)
            else:
                self._starter.resume(job.id)
        except AppError as error:
            self.failed.emit(f"{entry_text(status.entry)}: {translate(arenas.why_not(error))}")
            self._soon()
        self.changed.emit()

    def _end(self, error: AppError | None) -> None:
        self.release()
        if error is not None:
            self.failed.emit(translate(arenas.why_not(error)))
        self.changed.emit()
