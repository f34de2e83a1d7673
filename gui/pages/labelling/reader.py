"""Reads a source into a labelling set with a job, and reports the result as text. Knows no widget."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import AppError, Ending, Event
from gui.look.format import bytes_text, number_text
from gui.look.language import tr
from gui.workers.active_job import ActiveJob
from gui.workers.eta import Eta
from gui.workers.worker_manager import WorkerManager


class Reader(QObject):
    """The source being read.

    Signals: `changed` during reading; `made(id, result)` with the set and a text about what was read.
    """

    changed = Signal()
    made = Signal(str, object)

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._manager = manager
        self._active_job = ActiveJob(self)
        self._done, self._total, self._unit = 0, 0, ""
        self._left = Eta()
        self.source = ""
        self.error: AppError | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a source is being read."""
        return bool(self._active_job)

    def read(self, values: dict[str, Any], base_model: str) -> None:
        """Read the source in these `[data]` values, in place of any other.

        Exclusions by tokens use the tokenizer of `base_model`.
        """
        self.stop()
        self.source, self._total = str(values["source"]), 0
        self._left.begin()
        try:
            request = {"data": values, "base_model": base_model}
            thread = self._manager.ask("label_data", request, parent=self)
        except AppError as error:
            self.error = error
        else:
            self._active_job.take(
                thread, self._end, events=self._follow, result=self._take, failed=self._fail
            )
        self.changed.emit()

    def stop(self) -> None:
        """Stop reading and clear the error."""
        self.error = None
        if self._active_job.cancel():
            self.changed.emit()

    def progress(self) -> tuple[float, str, str]:
        """Return the progress: a fraction, its text, and the stage."""
        size = bytes_text if self._unit == "bytes" else number_text
        reading = tr("Reading the conversations")
        if not self._total:
            return 0.0, "", reading
        how_far = tr("{done} of {total}", done=size(self._done), total=size(self._total))
        return self._done / self._total, self._left.beside(how_far), reading

    def _follow(self, events: list[Event]) -> None:
        for event in events:
            self._left.follow(event)
            if event["event"] == "stage_progressed":
                self._done, self._total, self._unit = event["done"], event["total"], event["unit"]
        self.changed.emit()

    def _take(self, result: dict[str, Any]) -> None:
        self._active_job.disconnect()
        self.changed.emit()
        self.made.emit(result["set"], result)

    def _fail(self, ending: Ending) -> None:
        hint = tr("Try again.") if ending.outcome == "crashed" else ending.hint
        self.error = AppError(ending.message, hint, ending.field)

    def _end(self, _: Ending) -> None:
        self.changed.emit()
