"""What a recipe will do, asked of one long-lived plan worker and answered while the user still edits.

Waits until the user pauses, asks only for the newest recipe, and drops answers to older ones. Knows nothing
of widgets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.api import Ending, Event, Problem, Recipe, recipe

if TYPE_CHECKING:
    from gui.engine import Engine
    from gui.engine_thread import EngineThread

DEBOUNCE_MILLISECONDS = 300
COUNT = "count "


class Planner(QObject):
    """Plan recipes as they are edited.

    `planned` carries the plan of the newest recipe, `refused` its problems, `unavailable` an Ending when no
    worker could answer. `busy_changed` is true from the question to its answer. `counted(key, trainable)`
    answers `count`.
    """

    planned = Signal(object)
    refused = Signal(object)
    unavailable = Signal(object)
    busy_changed = Signal(bool)
    counted = Signal(str, object)

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._engine = engine
        self._thread: EngineThread | None = None
        self._wanted: Recipe | None = None
        self._asked = 0
        self._to_count: list[tuple[str, Recipe]] = []
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(DEBOUNCE_MILLISECONDS)
        self._pause.timeout.connect(self._ask)

    def plan(self, wanted: Recipe) -> None:
        """Ask for the plan of `wanted` once no other recipe has come for 300 ms."""
        self._wanted = wanted
        self._to_count.clear()
        self._pause.start()

    def count(self, recipes: Mapping[str, Recipe]) -> None:
        """Ask, one after another and only while nothing else is asked, how many numbers each recipe trains."""
        self._to_count = list(recipes.items())
        self._count_next()

    def _count_next(self) -> None:
        """One question at a time: the worker answers the newest only."""
        if self._thread is not None and self._to_count:
            key, wanted = self._to_count.pop(0)
            self._thread.send("plan", request=f"{COUNT}{key}", recipe=recipe.dumps(wanted))

    def forget(self) -> None:
        """Drop what was asked: the recipe in hand can't be planned."""
        self._wanted = None
        self._to_count.clear()
        self._pause.stop()
        self._asked += 1
        self.busy_changed.emit(False)

    def rest(self) -> None:
        """Let the worker go and give its memory back; the next question starts another."""
        self.forget()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.send("quit")
            thread.stop()

    def _ask(self) -> None:
        if self._wanted is None:
            return
        if self._thread is None:
            self._thread = self._start()
        self._asked += 1
        self._thread.send("plan", request=str(self._asked), recipe=recipe.dumps(self._wanted))
        self.busy_changed.emit(True)

    def _start(self) -> EngineThread:
        thread = self._engine.ask("plan", {"serve": True})
        thread.events.connect(self._take)
        thread.ended.connect(lambda ending: self._worker_ended(thread, ending))
        return thread

    def _take(self, events: list[Event]) -> None:
        for event in events:
            request = str(event.get("request", ""))
            if request.startswith(COUNT):
                self._take_count(request.removeprefix(COUNT), event)
            if request != str(self._asked):
                continue
            if event["event"] == "result_made":
                self.busy_changed.emit(False)
                self.planned.emit(event["result"])
            elif event["event"] == "request_failed":
                self.busy_changed.emit(False)
                self.refused.emit([_problem(found) for found in event["problems"]])

    def _take_count(self, key: str, event: Event) -> None:
        if event["event"] == "result_made":
            self.counted.emit(key, event["result"].get("trainable_parameters"))
        self._count_next()

    def _worker_ended(self, thread: EngineThread, ending: Ending) -> None:
        if thread is self._thread:
            self._thread = None
            self.busy_changed.emit(False)
            self.unavailable.emit(ending)


def _problem(found: dict[str, Any]) -> Problem:
    return Problem(str(found.get("field", "")), str(found.get("message", "")), str(found.get("hint", "")))
