"""The devices of this computer: offered in the form and checked in the banner; and the one that the window uses."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from engine.api import Recipe
from gui.forms.recipe_form import RecipeForm
from gui.pages.train.gpu_banner import GpuBanner
from gui.workers.worker_manager import WorkerManager

DEVICE = "training.device"


class DeviceChoices(QObject):
    """Requests the devices from a worker once, since they stay the same while the window is open."""

    def __init__(self, manager: WorkerManager, form: RecipeForm, banner: GpuBanner, parent: QObject) -> None:
        super().__init__(parent)
        self._manager, self._form, self._banner = manager, form, banner
        self._is_asked = False

    def follow(self, planned: Recipe | None, plan: dict[str, Any]) -> None:
        """Let the window's other workers compute on the device of a recipe whose plan has no problem with it."""
        fields = {problem.get("field") for problem in plan.get("problems") or ()}
        if planned is not None and DEVICE not in fields:
            # The other workers compute on one card.
            device = planned.training.device
            self._manager.suit_device("auto" if device == "all" else device)
        self._ask()

    def _ask(self) -> None:
        """Request the devices, unless that was done before."""
        if not self._is_asked:
            self._is_asked = True
            self._manager.ask("devices", {}, parent=self).subscribe(self, result=self._take)

    def _take(self, found: dict[str, Any]) -> None:
        self._form.offer_devices(found.get("devices") or ())
        self._banner.judge(found)
