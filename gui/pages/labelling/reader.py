"""From a source to a labelling set: asks the engine, follows the job, and puts its end into words. Knows no widget."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import AppError, Ending, Event
from gui.engine import Engine
from gui.engine_thread import EngineThread
from gui.look.format import bytes_text, number

READING = "Reading the conversations"


class Reader(QObject):
    """The source that is being read.

    Signals: `changed` while it is; `made(id, result)` with the set and all that there is to say of how it was made.
    """

    changed = Signal()
    made = Signal(str, object)

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._thread: EngineThread | None = None
        self._done, self._total, self._unit = 0, 0, ""
        self.source = ""
        self.trouble: AppError | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a source is being read."""
        return self._thread is not None

    def read(self, values: dict[str, Any], base_model: str) -> None:
        """Read the source that `[data]` values name, in place of whatever is being read.

        Tokens are those of `base_model`, where it is by tokens that something is excluded.
        """
        self.stop()
        self.source, self._total = str(values["source"]), 0
        try:
            request = {"data": values, "base_model": base_model}
            thread = self._engine.ask("label_data", request, parent=self)
        except AppError as error:
            self.trouble = error
        else:
            self._thread = thread
            thread.tell(
                self,
                events=lambda events: self._follow(thread, events),
                result=lambda result: self._take(thread, result),
                failed=lambda ending: self._fail(thread, ending),
                ended=lambda _ending: self._end(thread),
            )
        self.changed.emit()

    def stop(self) -> None:
        """Give up what is being read, and forget what went wrong before."""
        self.trouble = None
        if self._thread is not None:
            self._thread.stop()
            self._end(self._thread)

    def progress(self) -> tuple[float, str, str]:
        """Return how far the reading is: a share, words for it, and what is done."""
        size = bytes_text if self._unit == "bytes" else number
        unit = "" if self._unit == "bytes" else f" {self._unit}"
        how_far = f"{size(self._done)} of {size(self._total)}{unit}" if self._total else ""
        return (self._done / self._total if self._total else 0.0), how_far, READING

    # What a reading that was given up still says is not listened to.

    def _follow(self, thread: EngineThread, events: list[Event]) -> None:
        if thread is not self._thread:
            return
        for event in events:
            if event["event"] == "stage_progressed":
                self._done, self._total, self._unit = event["done"], event["total"], event["unit"]
        self.changed.emit()

    def _take(self, thread: EngineThread, result: dict[str, Any]) -> None:
        if thread is self._thread:
            self._end(thread)
            self.made.emit(result["set"], result)

    def _fail(self, thread: EngineThread, ending: Ending) -> None:
        if thread is self._thread:
            hint = "Try again." if ending.outcome == "crashed" else ending.hint
            self.trouble = AppError(ending.message, hint, ending.field)

    def _end(self, thread: EngineThread) -> None:
        if thread is self._thread:
            self._thread = None
            self.changed.emit()
