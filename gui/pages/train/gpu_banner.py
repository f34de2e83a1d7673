"""A strip about a graphics card that torch can't use, and what to do.

Once closed, it stays closed until its text changes.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.api import graphics_cards, graphics_check
from gui.core.preferences import Preferences
from gui.look.language import tr, translate
from gui.widgets.cards import NoticeStrip

PUT_AWAY = "card_banner_put_away"


class GpuBanner(QWidget):
    """Hidden until `judge` finds an unused card."""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        # The untranslated text, so that it stays closed in another language.
        self._text = ""
        self.strip = NoticeStrip()
        self.strip.acted.connect(self._put_away)
        box = QVBoxLayout(self)
        box.setContentsMargins(24, 12, 24, 0)
        box.addWidget(self.strip)
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
