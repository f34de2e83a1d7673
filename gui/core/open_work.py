"""Work of a person that is open and locked meanwhile: a set of conversations to label, a blind comparison."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtCore import QObject, Signal

from engine.api import AppError
from gui.core.background_tasks import BackgroundTasks, Then, Work


class Closable(Protocol):
    """What is locked until it is closed."""

    def close(self) -> None:
        """Close it. Raises AppError."""


W = TypeVar("W", bound=Closable)


class OpenWork(QObject, Generic[W]):
    """Holds the open work, read off the GUI thread, and what the last step failed with.

    `changed` is emitted when anything to show has changed.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.work: W | None = None
        self.error: AppError | None = None
        self.is_busy = False
        self._background = BackgroundTasks(self)
        self._held: list[W] = []
        # This object may be gone by then, and the work must not stay locked.
        self.destroyed.connect(partial(_close_all, self._held))

    def wait(self) -> None:
        self._background.wait()

    def _read(self, work: Work, then: Then, dropped: Then | None = None) -> None:
        """Read something; the result goes to `then`, or to `dropped` if something else was wanted meanwhile."""

        def take(result: Any) -> None:
            self.is_busy = False
            then(result)

        self.error, self.is_busy = None, True
        self._background.run_latest(work, take, self._fail, dropped)
        self.changed.emit()

    def _hold(self, work: W) -> None:
        self.work = work
        self._held.append(work)

    def _leave(self) -> None:
        """Close the work, and forget what is being read."""
        self._background.forget_latest()
        work, self.work, self.error, self.is_busy = self.work, None, None, False
        if work is not None:
            self._held.remove(work)
            self._done(work.close)

    def _done(self, act: Callable[[], object]) -> bool:
        """Do a step; return whether it worked."""
        try:
            act()
        except AppError as error:
            self._fail(error)
            return False
        self.error = None
        return True

    def _fail(self, error: AppError) -> None:
        self.error, self.is_busy = error, False
        self.changed.emit()


def _close_all(held: list[Any]) -> None:
    for work in held:
        work.close()
