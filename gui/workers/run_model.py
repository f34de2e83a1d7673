"""A run in the window: its state from its events, and its commands.

Live, re-attached and replayed runs use the same code. Pages redraw on `changed`, which is emitted at most ten times a
second. Knows no widget.
"""

from __future__ import annotations

import time
from collections import deque
from functools import cached_property

from PySide6.QtCore import QObject, Signal

from engine.api import KEEP_TRAINING, AppError, Ending, Event, Job, Recipe, RunState, clock
from gui.core.background_tasks import once
from gui.workers.engine_thread import EngineThread
from gui.workers.eta import Eta


class RunModel(QObject):
    """One run, its state so far, and the thread that follows it."""

    changed = Signal()
    ended = Signal(object)

    def __init__(self, recipe: Recipe, thread: EngineThread) -> None:
        super().__init__()
        self.recipe = recipe
        self.state = RunState()
        self.ending: Ending | None = None
        self.stop_asked_at: float | None = None
        self._freeing = False
        self.job_thread = thread
        self._step_times: deque[float] = deque(maxlen=20)
        self._stepped_at = 0.0
        self._stage_left = Eta()
        self._redraw = once(self, 100, self.changed)
        thread.events.connect(self.apply)
        thread.ended.connect(self._end)

    @property
    def job(self) -> Job:
        return self.job_thread.job

    @property
    def id(self) -> str:
        return self.job.id

    @property
    def running(self) -> bool:
        return self.ending is None

    @property
    def holds_device(self) -> bool:
        """Return whether it uses this computer's device: it runs here and is not paused."""
        return self.running and not self.state.paused and not self.computer

    @cached_property
    def computer(self) -> str:
        """The other computer at which it is trained, "" for this one."""
        try:
            return str(self.job.request().get("computer") or "")
        except AppError:
            # Its folder is gone, which the worker reports.
            return ""

    @property
    def stopping(self) -> bool:
        """Return whether it was asked to stop and has not ended."""
        return self.running and self.stop_asked_at is not None

    @property
    def freeing(self) -> bool:
        """Return whether it was asked to release the device and has not ended."""
        return self.running and self._freeing

    def apply(self, events: list[Event]) -> None:
        """Apply events to the state; damaged ones are ignored."""
        for event in map(self.state.apply, events):
            self._stage_left.follow(event)
            if event["event"] == "step_finished":
                self._step_times.append(clock(event))
                self._stepped_at = float(event.get("time", 0.0))
        if not self._redraw.isActive():
            self._redraw.start()

    def _end(self, ending: Ending) -> None:
        self.ending = ending
        if self.state.outcome is None:
            self.state.close(ending.outcome, ending.event)
        self._redraw.stop()
        self.changed.emit()
        self.ended.emit(ending)

    def seconds_a_step(self) -> float | None:
        """Return the recent duration of a step, None before the second step."""
        times = self._step_times
        return (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else None

    def step_seconds_left(self, now: float | None = None) -> float | None:
        """Return the estimated remaining seconds of the current step; `now` is the time of day."""
        each = self.seconds_a_step()
        if each is None:
            return None
        since = (time.time() if now is None else now) - self._stepped_at
        return min(each, max(0.0, each - since))

    def stage_seconds_left(self) -> float | None:
        """Return the estimated remaining seconds of the current stage, None while unknown."""
        return self._stage_left.seconds

    def stop(self) -> None:
        """Ask the worker to finish the current step, save and stop. Raises StorageError."""
        self.job_thread.stop()
        self.stop_asked_at = time.monotonic()
        self.changed.emit()

    def keep_training(self) -> None:
        """Let the worker continue without this window, whatever its recipe says. Raises StorageError."""
        if self.recipe.training.when_window_leaves == "stop":
            self.job_thread.send(KEEP_TRAINING)

    def force(self) -> None:
        """Kill the worker; steps after the last checkpoint are lost."""
        self.job_thread.force()

    def pause(self) -> None:
        """Ask the worker to pause after the current step. Raises StorageError."""
        self.job_thread.send("pause")

    def free_device(self) -> None:
        """Ask the worker to save a checkpoint and end, to release the device. Raises StorageError."""
        self.job_thread.send("pause", free_device=True)
        self._freeing = True
        self.changed.emit()

    def go_on(self) -> None:
        """Ask the worker to continue after a pause. Raises StorageError."""
        self.job_thread.send("continue")

    def save_checkpoint(self) -> None:
        """Ask for a checkpoint after the current step. Raises StorageError."""
        self.job_thread.send("save_checkpoint")

    def evaluate_now(self) -> None:
        """Ask for an evaluation after the current step. Raises StorageError."""
        self.job_thread.send("evaluate_now")
