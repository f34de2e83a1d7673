"""Keeps a worker with imported libraries ready while a run may be started soon, so that Start takes less time.

At most one. It starts once it has been wanted for some seconds, and ends when it has not been wanted for a while, and
with the window. Without it, a run just starts later. Knows neither pages nor runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from PySide6.QtCore import QObject

from engine.api import WarmWorker, WorkerError, visible_to
from gui.core.background_tasks import BackgroundTasks
from gui.core.timers import once

SETTLE_MILLISECONDS = 3_000
LINGER_MILLISECONDS = 120_000


class WarmWorkerKeeper(QObject):
    """Starts a warm worker when it is wanted, passes it on once, and ends it."""

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        make: Callable[[Mapping[str, str]], WarmWorker],
        can_afford: Callable[[], bool],
        settle_milliseconds: int = SETTLE_MILLISECONDS,
        linger_milliseconds: int = LINGER_MILLISECONDS,
    ) -> None:
        """Prepare; nothing is started before it is wanted, or while `can_afford` returns false.

        `make` starts a worker with the variables of the card that it sees. Tests set the times.
        """
        super().__init__(parent)
        self._make = make
        self._can_afford = can_afford
        self._wanted = False
        self._device = "auto"
        self._warm_worker: WarmWorker | None = None
        # The driver is asked for its cards, which may take seconds.
        self._background = BackgroundTasks(self)
        self._settle = once(self, settle_milliseconds, self._start)
        self._linger = once(self, linger_milliseconds, self.end)

    def want(self, wanted: bool) -> None:
        """Start one soon, or end it unless it is wanted again in time."""
        self._wanted = wanted
        (self._linger if wanted else self._settle).stop()
        timer = self._settle if wanted else self._linger
        if wanted != self.is_ready() and not timer.isActive():
            timer.start()

    def suit(self, device: str) -> None:
        """Let the warm worker be for a recipe's device; one that holds another is replaced."""
        if device != self._device:
            self._device = device
            self._drop()
            self.again()

    def again(self) -> None:
        """Start another one if one is still wanted: the last was taken, or could not be afforded."""
        if self._wanted:
            self.want(True)

    def is_ready(self) -> bool:
        """Return whether one is waiting; it may still be importing."""
        return self._warm_worker is not None and self._warm_worker.alive()

    def take(self) -> WarmWorker | None:
        """Return the warm worker, if there is one, and give it away; see `again` for the next."""
        self._settle.stop()
        self._linger.stop()
        warm_worker, self._warm_worker = self._warm_worker, None
        return warm_worker

    def end(self) -> None:
        """End the warm worker; start none until one is wanted."""
        self._wanted = False
        self._drop()

    def _drop(self) -> None:
        warm_worker = self.take()
        if warm_worker is not None:
            warm_worker.end()

    def _start(self) -> None:
        if self._can_afford():
            self._background.run(partial(visible_to, self._device), partial(self._make_for, self._device))

    def _make_for(self, device: str, cards: Mapping[str, str]) -> None:
        """Make one for a card, unless none is wanted by now or another device is."""
        if self._wanted and device == self._device and self._can_afford():
            self._drop()
            # A run started without one reports the error.
            with suppress(WorkerError):
                self._warm_worker = self._make(cards)
