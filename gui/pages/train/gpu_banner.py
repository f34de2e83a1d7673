"""A strip that tells of a graphics card which is here while torch can't compute on it, and what to do.

Put away, it stays away until it has something else to tell.
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
    """Hidden until `judge` finds a card that lies idle."""

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self._preferences = preferences
        # In the engine's words, so that it stays put away in another language.
        self._text = ""
        self.strip = NoticeStrip()
        self.strip.acted.connect(self._put_away)
        box = QVBoxLayout(self)
        box.setContentsMargins(24, 12, 24, 0)
        box.addWidget(self.strip)
        self.hide()

    def judge(self, found: dict[str, Any]) -> None:
        """Hold what torch found to compute with, the result of the job `devices`, against the cards that are here."""
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
