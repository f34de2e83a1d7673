"""Memory fallbacks of a run that ran out of memory: those it reported, or those a worker finds.

Knows no widget.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import OUT_OF_MEMORY, AppError, memory_fallbacks, run_store
from gui.workers.run_model import RunModel
from gui.workers.worker_manager import WorkerManager


class FallbackFinder(QObject):
    """`found(model, plans)` reports the fallbacks of a run that could not report them itself."""

    found = Signal(object, object)

    def __init__(self, manager: WorkerManager, parent: QObject) -> None:
        super().__init__(parent)
        self._manager = manager

    def seek(self, model: RunModel) -> None:
        """Search for fallbacks if the run was killed for its memory; a run that ended by itself has reported them."""
        ending = model.ending
        if ending is None or ending.kind != OUT_OF_MEMORY or ending.event is not None:
            return
        try:
            job = self._manager.ask(
                "shrink", {"step": run_store.last_step(model.job)}, model.recipe, parent=self
            )
        except AppError:
            self.found.emit(model, [])
            return
        job.subscribe(
            self,
            result=partial(self._take, model),
            failed=lambda _ending: self.found.emit(model, []),
        )

    def _take(self, model: RunModel, result: dict[str, Any]) -> None:
        self.found.emit(model, memory_fallbacks.read(result))
