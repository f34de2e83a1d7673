"""Plans recipes with one long-lived plan worker, while the user edits them.

Waits until the user pauses, asks only for the newest recipe, and drops answers to older ones. Knows nothing
of widgets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import (
    AppError,
    BaseModelOptions,
    Ending,
    Event,
    MethodSettings,
    Problem,
    Recipe,
    known_plans,
    recipe,
)
from gui.core.background_tasks import BackgroundTasks, once
from gui.workers.engine_thread import ActiveJob, EngineThread

DEBOUNCE_MILLISECONDS = 300
IDLE_MILLISECONDS = 1_000
# A window that opens may find a run to show instead.
EARLY_MILLISECONDS = 50
COUNT = "count "

Counted = tuple[BaseModelOptions, MethodSettings]
"""What a count depends on; the rest of a recipe changes none."""


class Planner(QObject):
    """Plans recipes as they are edited.

    `planned` carries the plan of the newest recipe, `refused` its problems, `unavailable` an Ending when no
    worker could answer. `recalled` carries what is known of an earlier plan of the same while a worker starts.
    `busy_changed` is true from the request to its answer. `counted(key, trainable)` answers `count`: at once where the
    same has been counted before, else behind all plans. `compared(key, plan)` answers `compare`, behind all plans too,
    with the problems alone where a plan was refused.
    """

    planned = Signal(object)
    recalled = Signal(object)
    refused = Signal(object)
    unavailable = Signal(object)
    busy_changed = Signal(bool)
    counted = Signal(str, object)
    compared = Signal(str, object)

    def __init__(self, start_worker: Callable[[str], EngineThread], parent: QObject) -> None:
        """Prepare; `start_worker` starts a worker for a device, which takes the command `plan`."""
        super().__init__(parent)
        self._start_worker = start_worker
        self._active_job = ActiveJob(self)
        self._wanted: Recipe | None = None
        self._device = ""
        self._asked = 0
        self._waiting = False
        self._has_planned = False
        self._counts: dict[Counted, int | None] = {}
        self.to_count: dict[str, Recipe] = {}
        self._to_compare: dict[str, Recipe] = {}
        self.counting: tuple[str, Recipe] | None = None
        self._planning: Recipe | None = None
        self._background = BackgroundTasks(self)
        self._pause = once(self, DEBOUNCE_MILLISECONDS, self._ask)
        self._early = once(self, EARLY_MILLISECONDS, self._start_early)
        self._idle = once(self, IDLE_MILLISECONDS, self._count_next)

    def plan(self, wanted: Recipe) -> None:
        """Ask for the plan of `wanted` once no other recipe has come for 300 ms; a worker starts before."""
        self._wanted = wanted
        self._idle.stop()
        self._pause.start()
        self._set_waiting(True)
        if self._active_job.thread is None:
            self._has_planned = False
            self._background.run(partial(known_plans.load, wanted), partial(self._recall, wanted))
            self._early.start()

    def _start_early(self) -> None:
        """Start a worker, which imports its libraries, before it is asked."""
        if self._active_job.thread is None and self._wanted is not None:
            self._device = self._wanted.training.device
            # `_ask` tries again, and tells why there is no worker.
            with suppress(AppError):
                self._start()

    @property
    def is_starting(self) -> bool:
        """Return whether the first plan of a worker is still to come."""
        is_there = self._active_job.thread is not None or self._early.isActive()
        return is_there and not self._has_planned

    def _recall(self, wanted: Recipe, known: dict[str, Any] | None) -> None:
        if known is not None and wanted == self._wanted and not self._has_planned:
            self.recalled.emit(known)

    def count(self, recipes: Mapping[str, Recipe]) -> None:
        """Ask for the trainable parameters of each recipe, one after another and only while nobody edits."""
        self.to_count = {}
        for key, wanted in recipes.items():
            if _counted(wanted) in self._counts:
                self.counted.emit(key, self._counts[_counted(wanted)])
            else:
                self.to_count[key] = wanted
        self._idle.start()

    def compare(self, recipes: Mapping[str, Recipe]) -> None:
        """Ask for the plan of each recipe instead of those asked for before, one after another while nobody edits.

        Someone looks at them, so they come before what is to be counted.
        """
        self._to_compare = dict(recipes)
        self._idle.start()

    def _count_next(self) -> None:
        """Ask one question at a time: the worker answers only the newest."""
        busy = self._waiting or self.counting is not None or self._pause.isActive()
        waiting = self._to_compare or self.to_count
        if self._active_job.thread is None or busy or not waiting:
            return
        self._asked += 1
        self.counting = (f"{COUNT}{self._asked}", next(iter(waiting.values())))
        request, wanted = self.counting
        self._active_job.thread.send("plan", request=request, recipe=recipe.dumps(wanted))

    def forget(self) -> None:
        """Drop the pending plan: the current recipe can't be planned."""
        self._wanted = None
        self.to_count, self._to_compare = {}, {}
        self.counting = None
        self._idle.stop()
        self._pause.stop()
        self._early.stop()
        self._asked += 1
        self._set_waiting(False)

    def rest(self) -> None:
        """End the worker to free its memory; the next plan starts another."""
        self.forget()
        self._end_worker()

    def _end_worker(self) -> None:
        if self._active_job.thread is not None:
            self._active_job.thread.send("quit")
        self._active_job.cancel()

    def _ask(self) -> None:
        if self._wanted is None:
            return
        if self._wanted.training.device != self._device:
            # A worker sees one card alone.
            self._end_worker()
            self._device = self._wanted.training.device
        thread = self._active_job.thread or self._start()
        self._asked += 1
        self._planning = self._wanted
        thread.send("plan", request=str(self._asked), recipe=recipe.dumps(self._wanted), shown=True)

    def _set_waiting(self, waiting: bool) -> None:
        self._waiting = waiting
        self.busy_changed.emit(waiting)

    def _start(self) -> EngineThread:
        thread, self._has_planned = self._start_worker(self._device), False
        self._active_job.take(thread, self._worker_ended, events=self._take)
        return thread

    def _take(self, events: list[Event]) -> None:
        for event in events:
            request = str(event.get("request", ""))
            if self.counting is not None and request == self.counting[0]:
                wanted = self.counting[1]
                made = event["event"] == "result_made"
                self._note(wanted, event["result"] if made else {})
                self._tell_compared(wanted, event["result"] if made else {"problems": event["problems"]})
                self.counting = None
                self._count_next()
            if request != str(self._asked):
                continue
            # A count that was overtaken by this plan is asked for again.
            self.counting = None
            self._idle.start()
            if event["event"] == "result_made":
                self._has_planned = True
                self._set_waiting(False)
                if self._planning is not None:
                    self._note(self._planning, event["result"])
                self.planned.emit(event["result"])
            elif event["event"] == "request_failed":
                self._has_planned = True
                self._set_waiting(False)
                self.refused.emit([problem_of(found) for found in event["problems"]])

    def _note(self, wanted: Recipe, plan: Mapping[str, Any]) -> None:
        # None trained: with a problem, the method does not fit; without one, the run scores a prompt only.
        misfit = bool(plan.get("problems")) and not plan.get("trainable_parameters")
        count = self._counts[_counted(wanted)] = None if misfit else plan.get("trainable_parameters")
        for key, asked in list(self.to_count.items()):
            if _counted(asked) == _counted(wanted):
                del self.to_count[key]
                self.counted.emit(key, count)

    def _tell_compared(self, wanted: Recipe, plan: Mapping[str, Any]) -> None:
        for key in [key for key, asked in self._to_compare.items() if asked == wanted]:
            self._to_compare.pop(key, None)
            self.compared.emit(key, plan)

    def _worker_ended(self, ending: Ending) -> None:
        counting, self.counting = self.counting, None
        if counting is None or self._waiting:
            self._set_waiting(False)
            self.unavailable.emit(ending)
            return
        # The count stays unknown; another worker makes the remaining ones.
        self._note(counting[1], {})
        self._tell_compared(counting[1], {"problems": []})
        if self.to_count or self._to_compare:
            self._start()
            self._idle.start()


def _counted(wanted: Recipe) -> Counted:
    return wanted.base_model, wanted.method


def problem_of(found: Mapping[str, Any]) -> Problem:
    """Return the problem of a refused plan."""
    return Problem(str(found.get("field", "")), str(found.get("message", "")), str(found.get("hint", "")))
