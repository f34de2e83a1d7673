"""What this computer has to compute with: asked for once, then offered in the form and judged in a banner."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from gui.forms.recipe_form import RecipeForm
from gui.pages.train.gpu_banner import GpuBanner
from gui.workers.worker_manager import WorkerManager


class DeviceChoices(QObject):
    """Asks a worker about the devices, at the first call only: they stay the same while the window is open."""

    def __init__(self, manager: WorkerManager, form: RecipeForm, banner: GpuBanner, parent: QObject) -> None:
        super().__init__(parent)
        self._manager, self._form, self._banner = manager, form, banner
        self._is_asked = False

    def ask(self) -> None:
        """Ask, unless that has been done."""
        if not self._is_asked:
            self._is_asked = True
            self._manager.ask("devices", {}, parent=self).subscribe(self, result=self._take)

    def _take(self, found: dict[str, Any]) -> None:
        self._form.offer_devices(found.get("devices") or ())
        self._banner.judge(found)
