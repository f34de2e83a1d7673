"""Small reading jobs, one after the other, off the GUI thread. Knows nothing of what is read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, QThreadPool, Signal

from engine.api import AppError

Work = Callable[[], Any]
Then = Callable[[Any], None]


class Background(QObject):
    """Runs jobs in the order they were given and hands each result over in the GUI's thread.

    A job that raises an AppError has `failed` called with it instead, if there is one.
    """

    _done = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._pool.setExpiryTimeout(1000)
        self._done.connect(self._hand_over)

    def run(self, work: Work, then: Then, failed: Then | None = None) -> None:
        """Do `work` soon and call `then` with its result."""
        self._pool.start(_Job(work, then, failed, self._done.emit))

    def wait(self) -> None:
        """Wait until nothing is left to do; results still come through the event loop."""
        self._pool.waitForDone()

    def _hand_over(self, then: Then | None, result: Any) -> None:
        if then is not None:
            then(result)


class _Job:
    """What the pool calls. No QRunnable: one that is Python's is kept for good, with all it knows, by what owns it."""

    def __init__(
        self, work: Work, then: Then, failed: Then | None, deliver: Callable[[Then | None, Any], None]
    ) -> None:
        self._work, self._then, self._failed, self._deliver = work, then, failed, deliver

    def __call__(self) -> None:
        try:
            told: tuple[Then | None, Any] = (self._then, self._work())
        except AppError as error:
            told = (self._failed, error)
        with suppress(RuntimeError):  # The window went while this was read.
            self._deliver(*told)
