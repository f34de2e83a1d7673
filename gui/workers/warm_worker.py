"""Keeps a worker ready while a run may be started soon: what takes seconds to import is there when Start is pressed.

One at most. It is started once it has been wanted for some seconds, and ends when it has not been wanted for a while,
and with the window. Without it a run starts as ever, only later. Knows nothing of pages and of runs.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from PySide6.QtCore import QObject

from engine.api import WarmWorker, WorkerError
from gui.core.timers import once

SETTLE_MILLISECONDS = 3_000
LINGER_MILLISECONDS = 120_000


class WarmWorkerKeeper(QObject):
    """Start a warm worker when it is wanted, hand it over once, and end it."""

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        make: Callable[[], WarmWorker],
        can_afford: Callable[[], bool],
        settle_milliseconds: int = SETTLE_MILLISECONDS,
        linger_milliseconds: int = LINGER_MILLISECONDS,
    ) -> None:
        """Prepare; nothing is started before it is wanted, and while `can_afford` says no. The times are for tests."""
        super().__init__(parent)
        self._make = make
        self._can_afford = can_afford
        self._wanted = False
        self._warm_worker: WarmWorker | None = None
        self._settle = once(self, settle_milliseconds, self._start)
        self._linger = once(self, linger_milliseconds, self.end)

    def want(self, wanted: bool) -> None:
        """Have one ready soon, or let it go if it is not wanted again in time."""
        self._wanted = wanted
        (self._linger if wanted else self._settle).stop()
        timer = self._settle if wanted else self._linger
        if wanted != self.is_ready() and not timer.isActive():
            timer.start()

    def again(self) -> None:
        """Have another one ready if one is still wanted: the last was taken, or could not be afforded."""
        if self._wanted:
            self.want(True)

    def is_ready(self) -> bool:
        """Tell whether one waits; it may be importing yet."""
        return self._warm_worker is not None and self._warm_worker.alive()

    def take(self) -> WarmWorker | None:
        """Hand the warm worker over, if one waits; see `again` for the next."""
        self._settle.stop()
        self._linger.stop()
        warm_worker, self._warm_worker = self._warm_worker, None
        return warm_worker

    def end(self) -> None:
        """End the warm worker, and start none before one is wanted."""
        self._wanted = False
        self._drop()

    def _drop(self) -> None:
        warm_worker = self.take()
        if warm_worker is not None:
            warm_worker.end()

    def _start(self) -> None:
        if self._can_afford():
            self._drop()
            # A run that is started without one says what the matter is.
            with suppress(WorkerError):
                self._warm_worker = self._make()
