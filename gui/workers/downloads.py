"""The progress of downloads from the hub, over all workers. Knows no widget."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from engine.api import Event
from gui.workers.engine_thread import EngineThread

# While loading a base model, only downloads are counted in bytes. Other stages also count bytes read from the disk.
STAGE, UNIT = "load_base", "bytes"


class Downloads(QObject):
    """Follows all workers given to `follow`; `changed` when `share` has changed."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stages: dict[EngineThread, str] = {}
        self._shares: dict[EngineThread, float] = {}

    @property
    def share(self) -> float | None:
        """The downloaded fraction, 0 to 1, None if nothing is downloaded. Of several, the one that started first."""
        return next(iter(self._shares.values()), None)

    def follow(self, thread: EngineThread) -> None:
        """Follow a job until its worker has ended."""
        thread.subscribe(self, events=partial(self._take, thread), finished=partial(self._forget, thread))

    def _take(self, thread: EngineThread, events: list[Event]) -> None:
        before = self.share
        for event in events:
            if event["event"] == "stage_entered":
                self._stages[thread] = str(event.get("stage"))
                self._shares.pop(thread, None)
            elif event["event"] == "stage_progressed":
                self._progress(thread, event)
        self._emit_changed(before)

    def _progress(self, thread: EngineThread, event: Event) -> None:
        """Take in the progress of a stage; a damaged event may lack any field."""
        done, total = event.get("done"), event.get("total")
        is_fetched = self._stages.get(thread) == STAGE and event.get("unit") == UNIT
        if is_fetched and isinstance(done, int) and isinstance(total, int) and done < total:
            self._shares[thread] = done / total
        else:
            self._shares.pop(thread, None)

    def _forget(self, thread: EngineThread) -> None:
        before = self.share
        self._stages.pop(thread, None)
        self._shares.pop(thread, None)
        self._emit_changed(before)

    def _emit_changed(self, before: float | None) -> None:
        if self.share != before:
            self.changed.emit()
