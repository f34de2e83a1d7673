"""The prompt before a run: what Start would download is shown first."""

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

    def request_run(self, wanted: Recipe) -> None:
        """Request a run of a recipe."""
        needed = missing(repositories(wanted))
        self.request(wanted, needed)
        if self.is_checking:
            names = ", ".join(each["id"] for each in needed)
            self.says.emit(tr("Asking the hub about {name}…", name=names), "")
