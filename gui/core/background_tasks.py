"""Small tasks off the GUI thread, one after the other, and single-shot timers that restart with every call."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal, SignalInstance
from shiboken6 import isValid

from engine.api import AppError

Work = Callable[[], Any]
Then = Callable[[Any], None]

# A pool that is destroyed waits for its task, which may wait for the interpreter that destroys it. So pools are used
# again and not destroyed.
_pools: list[QThreadPool] = []
_unused: list[QThreadPool] = []


class BackgroundTasks(QObject):
    """Runs tasks in the given order and passes each result on in the GUI thread.

    If a task raises an AppError, `failed` is called with it instead, if given.
    Once these tasks are deleted, nothing is called anymore.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._latest: object = None
        self._pool = pool = _free_pool()
        self.destroyed.connect(lambda: _unused.append(pool))

    def run(self, work: Work, then: Then, failed: Then | None = None) -> None:
        """Run `work` and call `then` with its result."""
        self._pool.start(_Job(work, then, failed, self))

    def run_latest(
        self, work: Work, then: Then, failed: Then | None = None, dropped: Then | None = None
    ) -> None:
        """Run `work` in place of what was run so before, whose result goes to `dropped`, its error nowhere."""
        latest = self._latest = object()

        def only_latest(take: Then | None, other: Then | None = None) -> Then:
            return lambda result: _call(take if latest is self._latest else other, result)

        self.run(work, only_latest(then, dropped), only_latest(failed))

    def forget_latest(self) -> None:
        self._latest = None

    def wait(self) -> None:
        """Wait until all tasks are done; results still arrive through the event loop."""
        self._pool.waitForDone()


def _free_pool() -> QThreadPool:
    """Return a pool that nobody uses, and that has no task of a deleted owner to end first."""
    for pool in _unused:
        if not pool.activeThreadCount():
            _unused.remove(pool)
            return pool
    pool = QThreadPool()
    pool.setMaxThreadCount(1)
    pool.setExpiryTimeout(1000)
    _pools.append(pool)
    return pool


@atexit.register
def _wait_for_all() -> None:
    for pool in _pools:
        pool.waitForDone()


class _Courier(QObject):
    """Calls in the GUI thread what a thread has emitted as `arrived`.

    It is never deleted: no thread may emit a signal of an object that the GUI thread can delete at the same time.
    """

    arrived = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.arrived.connect(self._call)

    def _call(self, act: Callable[[], object]) -> None:
        act()


_courier = _Courier()


def in_gui_thread(act: Callable[[], object]) -> None:
    """Let the GUI thread call a function soon; any thread may ask for it."""
    _courier.arrived.emit(act)


class _Job:
    """A task as a callable. Not a QRunnable: PySide6 would never free a Python one, nor what it refers to."""

    def __init__(self, work: Work, then: Then, failed: Then | None, owner: BackgroundTasks) -> None:
        self._work, self._then, self._failed = work, then, failed
        # Or this thread could be the last to let go of the owner, and would delete it.
        self._owner = weakref.ref(owner)

    def __call__(self) -> None:
        try:
            told: tuple[Then | None, Any] = (self._then, self._work())
        except AppError as error:
            told = (self._failed, error)
        in_gui_thread(partial(_hand_over, self._owner, *told))


def _hand_over(owner: weakref.ref[BackgroundTasks], then: Then | None, result: Any) -> None:
    if (found := owner()) is not None and isValid(found):
        _call(then, result)


def _call(then: Then | None, result: Any) -> None:
    if then is not None:
        then(result)


def once(parent: QObject, milliseconds: int, act: Callable[[], Any] | SignalInstance) -> QTimer:
    """Return a timer of `parent` that calls or emits `act` once, `milliseconds` after its last start."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(act)
    return timer
