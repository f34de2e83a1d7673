"""The one job that a page waits for. Events of an earlier, cancelled or replaced job are dropped."""

from __future__ import annotations

from contextlib import suppress

from PySide6.QtCore import QObject

from engine.api import AppError, Ending
from gui.workers.engine_thread import EngineThread, Slot, Subscription


class ActiveJob:
    """At most one job at a time, with the listener's subscription. False while there is none."""

    def __init__(self, listener: QObject) -> None:
        self._listener = listener
        self._subscription: Subscription | None = None
        self.thread: EngineThread | None = None

    def __bool__(self) -> bool:
        return self.thread is not None

    def take(
        self,
        thread: EngineThread,
        ended: Slot,
        *,
        events: Slot,
        result: Slot | None = None,
        failed: Slot | None = None,
    ) -> None:
        """Follow a job instead of any earlier one; `ended` is called after the job is no longer the active one."""

        def end(ending: Ending) -> None:
            self.disconnect()
            ended(ending)

        self.disconnect()
        self.thread = thread
        self._subscription = thread.subscribe(
            self._listener, events=events, result=result, failed=failed, ended=end
        )

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
