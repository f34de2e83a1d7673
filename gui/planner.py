"""What a recipe will do, asked of one long-lived plan worker and answered while the user still edits.

Waits until the user pauses, asks only for the newest recipe, and drops answers to older ones. Knows nothing
of widgets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.api import Ending, Event, Problem, Recipe, recipe

if TYPE_CHECKING:
    from gui.engine import Engine
    from gui.engine_thread import EngineThread

DEBOUNCE_MILLISECONDS = 300


class Planner(QObject):
    """Plan recipes as they are edited.

    `planned` carries the plan of the newest recipe, `refused` its problems, `unavailable` an Ending when no
    worker could answer. `busy` is true from the question to its answer.
    """

    planned = Signal(object)
    refused = Signal(object)
    unavailable = Signal(object)
    busy_changed = Signal(bool)

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._engine = engine
        self._thread: EngineThread | None = None
        self._wanted: Recipe | None = None
        self._asked = 0
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(DEBOUNCE_MILLISECONDS)
        self._pause.timeout.connect(self._ask)

    def plan(self, wanted: Recipe) -> None:
        """Ask for the plan of `wanted` once no other recipe has come for 300 ms."""
        self._wanted = wanted
        self._pause.start()

    def forget(self) -> None:
        """Drop what was asked: the recipe in hand can't be planned."""
        self._wanted = None
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
            if event.get("request") != str(self._asked):
                continue
            if event["event"] == "result_made":
                self.busy_changed.emit(False)
                self.planned.emit(event["result"])
            elif event["event"] == "request_failed":
                self.busy_changed.emit(False)
                self.refused.emit([_problem(found) for found in event["problems"]])

    def _worker_ended(self, thread: EngineThread, ending: Ending) -> None:
        if thread is self._thread:
            self._thread = None
            self.busy_changed.emit(False)
            self.unavailable.emit(ending)


def _problem(found: dict[str, Any]) -> Problem:
    return Problem(str(found.get("field", "")), str(found.get("message", "")), str(found.get("hint", "")))
