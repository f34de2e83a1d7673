"""The devices of this computer: offered in the form, checked in the banner; and the one that the window uses."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from engine.api import Recipe, graphics_cards, graphics_check
from gui.core.preferences import Preferences
from gui.forms.recipe_form import RecipeForm
from gui.look.language import tr, translate
from gui.widgets.cards import NoticeStrip
from gui.widgets.layouts import vbox
from gui.workers.worker_manager import WorkerManager

DEVICE = "training.device"
PUT_AWAY = "card_banner_put_away"


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


class GpuBanner(QWidget):
    """A strip about a graphics card that torch can't use; hidden until `judge` finds one.

    Once closed, it stays closed until its text changes.
    """

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        # The untranslated text, so that it stays closed in another language.
        self._text = ""
        self.strip = NoticeStrip()
        self.strip.acted.connect(self._put_away)
        vbox(self.strip, of=self, margins=(24, 12, 24, 0))
        self.hide()

    def judge(self, found: dict[str, Any]) -> None:
        """Compare torch's devices, the result of the `devices` job, with the graphics cards of this computer."""
        check = graphics_check(found, graphics_cards.find())
        self._text = f"{check.text} {check.fix}"
        wanted = check.state == "problem" and self._preferences.get(PUT_AWAY) != self._text
        if wanted:
            self.strip.show_notice(
                f"{translate(check.text)} {translate(check.fix)}", tr("Dismiss"), "warning"
            )
        self.setVisible(wanted)

    def _put_away(self) -> None:
        self._preferences.set(PUT_AWAY, self._text)
        self.hide()
