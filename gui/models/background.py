"""Small reading jobs, one after the other, off the GUI thread. Knows nothing of what is read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from engine.api import AppError

Work = Callable[[], Any]
Then = Callable[[Any], None]


class Background(QObject):
    """Runs jobs in the order they were given and hands each result over in the GUI's thread.

    A job that raises an AppError has `failed` called with it instead, if there is one.
    """

    _done = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._pool.setExpiryTimeout(1000)
        self._jobs: set[_Job] = set()
        self._done.connect(self._hand_over)

    def run(self, work: Work, then: Then, failed: Then | None = None) -> None:
        """Do `work` soon and call `then` with its result."""
        job = _Job(work, then, failed, self._done.emit)
        self._jobs.add(job)
        self._pool.start(job)

    def wait(self) -> None:
        """Wait until nothing is left to do; results still come through the event loop."""
        self._pool.waitForDone()

    def _hand_over(self, job: _Job, then: Then | None, result: Any) -> None:
        self._jobs.discard(job)
        if then is not None:
            then(result)


class _Job(QRunnable):
    def __init__(
        self, work: Work, then: Then, failed: Then | None, tell: Callable[[_Job, Any, Any], None]
    ) -> None:
        super().__init__()
        # The pool would delete its half and leave this one, with all it knows, for good.
        self.setAutoDelete(False)
        self._work, self._then, self._failed, self._tell = work, then, failed, tell

    def run(self) -> None:
        try:
            told: tuple[Then | None, Any] = (self._then, self._work())
        except AppError as error:
            told = (self._failed, error)
        with suppress(RuntimeError):  # The window went while this was read.
            self._tell(self, *told)
