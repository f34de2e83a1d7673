"""The one job that a page waits for. Events of an earlier, cancelled or replaced job are dropped."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from engine.api import AppError, Ending, JobKind, Recipe
from gui.workers.engine_thread import EngineThread, Slot, Subscription

if TYPE_CHECKING:
    from gui.workers.worker_manager import WorkerManager


class ActiveJob:
    """At most one job at a time, with the listener's subscription. False while there is none."""

    def __init__(self, listener: QObject) -> None:
        self._listener = listener
        self._subscription: Subscription | None = None
        self.thread: EngineThread | None = None

    def __bool__(self) -> bool:
        return self.thread is not None

    def take(
        self, thread: EngineThread, ended: Slot, *, events: Slot | None = None, result: Slot | None = None
    ) -> None:
        """Follow a job instead of any earlier one; `ended` is called after the job is no longer the active one."""

        def end(ending: Ending) -> None:
            self.disconnect()
            ended(ending)

        self.disconnect()
        self.thread = thread
        self._subscription = thread.subscribe(self._listener, events=events, result=result, ended=end)

    def disconnect(self) -> None:
        """Stop listening; the job continues."""
        if self._subscription is not None:
            self._subscription.close()
        self.thread = self._subscription = None

    def cancel(self, command: str = "stop") -> bool:
        """Ask the job to end and stop listening; return whether there was one."""
        if self.thread is None:
            return False
        with suppress(AppError):
            self.thread.send(command)
        self.disconnect()
        return True


class AskedJob(ActiveJob):
    """A job that answers one question."""

    def __init__(self, listener: QObject, manager: WorkerManager) -> None:
        super().__init__(listener)
        self._manager = manager

    def ask(
        self,
        kind: JobKind,
        arguments: Mapping[str, Any],
        answered: Slot,
        refused: Slot,
        *,
        recipe: Recipe | None = None,
        events: Slot | None = None,
        keep_folder: bool = False,
    ) -> None:
        """Ask a worker for one thing, instead of anything before, as `WorkerManager.ask` does.

        Once the job is no longer the active one, `answered(result)` is called, or `refused(Ending)`.
        """

        def answer(result: Any) -> None:
            # The worker takes longer to end than to answer.
            self.disconnect()
            answered(result)

        self.cancel()
        try:
            thread = self._manager.ask(
                kind, arguments, recipe, parent=self._listener, keep_folder=keep_folder
            )
        except AppError as error:
            refused(Ending("failed", error.message, error.hint, error.field))
        else:
            self.take(thread, refused, events=events, result=answer)
