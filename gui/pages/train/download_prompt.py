"""The prompt before a run: what Start would download is shown first, with a button to confirm.

Knows which work uses the device and which request is pending; starts nothing itself.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.api import Ending, Recipe
from gui.look.language import tr, translate
from gui.workers.download_check import DownloadCheck, repositories
from gui.workers.worker_manager import WorkerManager


class DownloadPrompt(QObject):
    """`opened(recipe)`: start it; `says(text, action)`: a message, with an action that calls `confirm`."""

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

    def blocked_by(self) -> str:
        """Return which work uses the device, if it blocks a run; the playground releases it for a run."""
        if self._manager.current is not None:
            return tr("A run is training and holds the device. Stop it, or wait for its end.")
        taken = self._manager.device_text(apart_from="summarize")
        return f"{taken} {tr('Wait for it to finish, or cancel it in the library.')}" if taken else ""

    def request(self, wanted: Recipe) -> None:
        """Request a run of a recipe."""
        self._pending = None
        self._check.check(wanted, repositories(wanted))

    def confirm(self) -> None:
        """Confirm the last prompt."""
        wanted, self._pending = self._pending, None
        if wanted is not None:
            self.opened.emit(wanted)

    def forget(self) -> None:
        """Drop the prompt, since another recipe is shown."""
        self._pending = None

    def _ask(self, wanted: Recipe, words: str) -> None:
        self._pending = wanted
        text = f"{tr('This run downloads what is not on this computer yet.')} {words}"
        self.says.emit(text, tr("Download and start"))

    def _refuse(self, ending: Ending) -> None:
        self.says.emit(f"{translate(ending.message)} {translate(ending.hint)}", "")
