"""Runs one data check at a time: starts the job, follows it, reports its result. Knows no widget."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import Ending, Event, Job, Problem, stage_title
from gui.look.language import tr, translate
from gui.workers.active_job import AskedJob
from gui.workers.eta import Eta
from gui.workers.worker_manager import WorkerManager


class Checker(QObject):
    """The current check.

    Signals: `progressed(stage, done, total, unit, left)` with the remaining time as text, and an empty stage at the
    end; `looked(event)` with the first rows; `found(result, asked)` with the checked `[data]` values; `failed(list of
    Problem)`. `notices` are the notices of the check so far; `broken` are the unreadable rows, each with its `place`
    and `why`.
    """

    # Not int: sizes in bytes may exceed 32 bits.
    progressed = Signal(str, object, object, str, str)
    previewed = Signal(object)
    found = Signal(object, object)
    failed = Signal(list)

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._manager = manager
        self._stage, self._left = "", Eta()
        self.notices: list[str] = []
        self.broken: list[dict[str, str]] = []
        self.active_job = AskedJob(self, manager)
        self._job: Job | None = None
        self._shown_job: Job | None = None

    @property
    def is_busy(self) -> bool:
        return bool(self.active_job)

    def check(self, asked: dict[str, Any], base_model: str) -> None:
        self.stop()
        self._stage, self.notices, self.broken = tr("Starting"), [], []
        self._left.begin()
        self._report_progress()
        request = {"data": asked, "base_model": base_model}
        take = partial(self._take, asked)
        self.active_job.ask("check_data", request, take, self._refuse, events=self._follow, keep_folder=True)
        self._job = self.active_job.thread.job if self.active_job.thread is not None else None

    def stop(self) -> None:
        if self.active_job.cancel():
            self._rest()

    def _follow(self, events: list[Event]) -> None:
        for event in events:
            self._left.follow(event)
            if event["event"] == "stage_entered":
                self._stage = translate(stage_title(event["stage"]))
                self._report_progress()
            elif event["event"] == "stage_progressed":
                self._report_progress(event["done"], event["total"], event["unit"])
            elif event["event"] == "rows_previewed":
                self.previewed.emit(event)
            elif event["event"] == "rows_broken":
                self.broken += event["rows"]
            elif event["event"] == "notice":
                self.notices.append(event["message"])

    def _take(self, asked: dict[str, Any], result: dict[str, Any]) -> None:
        """Report a result, and delete the files of the check before."""
        before, self._shown_job = self._shown_job, self._job
        self.found.emit(result, asked)
        self._rest()
        if before is not None:
            self._manager.forget(before)

    def _refuse(self, ending: Ending) -> None:
        problems = [Problem(**problem) for problem in (ending.event or {}).get("problems") or []]
        hint = tr("Try again.") if ending.outcome == "crashed" else ending.hint
        self.failed.emit(problems or [Problem(ending.field or "", ending.message, hint)])
        self._rest()

    def _rest(self) -> None:
        self._stage = ""
        self._left.begin()
        self._report_progress()

    def _report_progress(self, done: int = 0, total: int = 0, unit: str = "") -> None:
        self.progressed.emit(self._stage, done, total, unit, self._left.text)
