"""What comes from the hub now: how far it is, whichever worker fetches it. Knows no widget."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from engine.api import Event
from gui.workers.engine_thread import EngineThread

# Of a base model only what comes from the hub is counted in bytes. Other stages count what they read from the disk so.
STAGE, UNIT = "load_base", "bytes"


class Downloads(QObject):
    """Listens to all workers that it is told to `follow`; `changed` when `share` is another."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stages: dict[EngineThread, str] = {}
        self._shares: dict[EngineThread, float] = {}

    @property
    def share(self) -> float | None:
        """How much of what is fetched is here, 0 to 1; None while nothing is. Of several that which began first."""
        return next(iter(self._shares.values()), None)

    def follow(self, thread: EngineThread) -> None:
        """Listen to a job until its worker is gone."""
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
        """Take in how far a stage is; a damaged line may lack any of it."""
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
