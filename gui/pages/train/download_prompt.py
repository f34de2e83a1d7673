"""The prompt before a run: what Start would download is shown first. Knows which work blocks a run."""

from __future__ import annotations

from PySide6.QtCore import QObject

from engine.api import Recipe
from gui.look.language import mark, tr
from gui.workers.download_check import missing, repositories
from gui.workers.download_prompt import DownloadPrompt
from gui.workers.worker_manager import WorkerManager

QUESTION = mark("This run downloads what is not on this computer yet.")


class RunDownloadPrompt(DownloadPrompt):
    """`opened(recipe)`: start it."""

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(manager, parent, QUESTION)
        self._manager = manager

    def blocked_by(self) -> str:
        """Return which work uses the device, if it blocks a run; the playground releases it for a run."""
        if self._manager.current is not None:
            return tr("A run is training and holds the device. Stop it, or wait for its end.")
        taken = self._manager.device_text(apart_from="summarize")
        return f"{taken} {tr('Wait for it to finish, or cancel it in the library.')}" if taken else ""

    def request_run(self, wanted: Recipe) -> None:
        """Request a run of a recipe."""
        needed = missing(repositories(wanted))
        self.request(wanted, needed)
        if self.is_checking:
            names = ", ".join(each["id"] for each in needed)
            self.says.emit(tr("Asking the hub about {name}…", name=names), "")
