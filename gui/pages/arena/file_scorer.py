"""Scores a file of another system's summaries by a job, and says how it matches. Knows no widget."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import AppError, Ending, Event, Job, arenas
from gui.look.format import NO_INTERVAL, gain, interval, number_text, percent, score
from gui.look.language import tr, tr_count, translate
from gui.models.arena_table import AGAINST_BASE, FULL_TEXTS
from gui.workers.active_job import ActiveJob
from gui.workers.worker_manager import WorkerManager

SCORE = arenas.SCORE


class FileScorer(QObject):
    """The file being scored. `changed`: progress, result or error."""

    changed = Signal()

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._manager = manager
        self._active_job = ActiveJob(self)
        self._job: Job | None = None
        self._status = ""
        self.file = Path()
        self.result: dict[str, Any] = {}
        self.remarks: list[str] = []
        self.error = ""

    @property
    def is_busy(self) -> bool:
        """Whether a file is being scored."""
        return bool(self._active_job)

    @property
    def status_text(self) -> str:
        """Return the progress, or how the file matches and how it scores."""
        if self.is_busy:
            return self._status
        return f"{matched_text(self.result)} {scores_text(self.result)}".strip() if self.result else ""

    def score(self, statuses: Iterable[arenas.EntryStatus], file: Path, column: str) -> None:
        """Score a file on the conversations of an arena's entries, in place of any other."""
        self.stop()
        self.file = file
        self._status = tr("Reading {name} …", name=file.name)
        try:
            asked = arenas.job_arguments(statuses, file, column)
            thread = self._manager.ask("score", asked, parent=self, keep_folder=True)
        except AppError as error:
            self.error = translate(arenas.why_not(error))
        else:
            self._job = thread.job
            self._active_job.take(
                thread, self._end, events=self._follow, result=self._take, failed=self._fail
            )
        self.changed.emit()

    def stop(self) -> None:
        """Stop scoring and forget the result."""
        was_busy = self._active_job.cancel()
        if self._job is not None and not was_busy and self.result:
            self._manager.forget(self._job)
        self._job = None
        self.result, self.remarks, self.error = {}, [], ""
        self.changed.emit()

    def add_to(self, arena: arenas.Arena, name: str) -> arenas.Arena:
        """Add the scored file to an arena. Raises ArenaError, StorageError."""
        folder = Path(self.result["details"])
        added = arenas.add_summaries(arena, name, self.file.name, folder, self.result)
        self.stop()
        return added

    def _follow(self, events: list[Event]) -> None:
        for event in events:
            if event["event"] == "notice":
                self.remarks.append(translate(f"{event['message']} {event.get('hint', '')}".strip()))
            elif event["event"] == "stage_progressed" and event["unit"] == "summaries" and event["total"]:
                share = percent(event["done"] / event["total"])
                self._status = tr("Scoring {name}: {share}", name=self.file.name, share=share)
        self.changed.emit()

    def _take(self, result: dict[str, Any]) -> None:
        self.result = result
        self.changed.emit()

    def _fail(self, ending: Ending) -> None:
        if ending.outcome != "stopped":
            self.error = translate(f"{ending.message} {ending.hint}".strip())

    def _end(self, _: Ending) -> None:
        self.changed.emit()


def matched_text(result: dict[str, Any]) -> str:
    """Return how many of the arena's conversations have a summary: "198 of 200 conversations matched."."""
    return tr_count(
        result["conversations"],
        "{matched} of {n} conversation matched.",
        "{matched} of {n} conversations matched.",
        matched=number_text(result["rows"]["matched"]),
    )


def scores_text(result: dict[str, Any]) -> str:
    """Return the score and the verdict: "ROUGE-1 44.1. Better: +2.9 against the base model, +1.0 to +4.8."."""
    found = result["difference"][SCORE]
    verdict = tr(
        AGAINST_BASE,
        verdict=tr(FULL_TEXTS[found["verdict"]]),
        gain=gain(found["mean"]),
        interval=interval(found.get("low"), found.get("high")) if "low" in found else tr(NO_INTERVAL),
    )
    mean = score(result["scores"][SCORE]["mean"])
    chrf = (result.get("measures") or {}).get("chrf")
    text = tr("ROUGE-1 {score}. {verdict}", score=mean, verdict=verdict)
    return " ".join((text, f"chrF {score(chrf['mean'])}.")) if chrf else text
