"""Between the press of Start and the run: what would be fetched from the hub is said first and asked for.

Knows who has the device, what was asked and what is pending; starts nothing itself.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.api import Ending, Recipe
from gui.look.language import tr, translate
from gui.workers.download_check import DownloadCheck, repositories
from gui.workers.worker_manager import WorkerManager


class DownloadPrompt(QObject):
    """`opened(recipe)`: start it; `says(text, action)`: words for the page, with an action that `confirm` answers."""

    opened = Signal(object)
    says = Signal(str, str)

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._manager = manager
        self._pending: Recipe | None = None
        self._check = DownloadCheck(manager, self)
        self._check.clear.connect(self.opened)
        self._check.asked.connect(self._ask)
        self._check.refused.connect(self._refuse)

    def taken(self) -> str:
        """Return who has the device, if a run can't start now; the playground gives it up for a run."""
        if self._manager.current is not None:
            return tr("A run is training and holds the device. Stop it, or wait for its end.")
        taken = self._manager.device_text(apart_from="summarize")
        return f"{taken} {tr('Wait for it to finish, or cancel it in the library.')}" if taken else ""

    def knock(self, wanted: Recipe) -> None:
        """Ask to start a run of a recipe."""
        self._pending = None
        self._check.check(wanted, repositories(wanted))

    def confirm(self) -> None:
        """Say yes to what was asked last."""
        wanted, self._pending = self._pending, None
        if wanted is not None:
            self.opened.emit(wanted)

    def forget(self) -> None:
        """Drop what was asked: another recipe is shown."""
        self._pending = None

    def _ask(self, wanted: Recipe, words: str) -> None:
        self._pending = wanted
        text = f"{tr('This run downloads what is not on this computer yet.')} {words}"
        self.says.emit(text, tr("Download and start"))

    def _refuse(self, ending: Ending) -> None:
        self.says.emit(f"{translate(ending.message)} {translate(ending.hint)}", "")
