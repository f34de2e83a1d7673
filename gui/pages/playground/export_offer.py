"""The strip that tells what a pasted chat export was understood as, and takes its turns on one click."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.api import chats
from gui.look.tips import as_said
from gui.widgets.cards import NoticeStrip

# A conversation for the playground is short; more than this is not read while the window waits.
MOST_CHARACTERS = 500_000
MOST_LINES_SHOWN = 20


class ExportOffer(NoticeStrip):
    """Hidden until `look_at` is given an export; `chosen` gives the text to show, the turns or what they came from."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._export = ""
        self._chat: chats.Chat | None = None
        self._is_taken = False
        self.acted.connect(self._act)
        self.hide()

    def look_at(self, text: str) -> None:
        """Offer the turns of a text that is an export of chats or a transcript; hide for any other text."""
        chat = chats.read(text) if len(text) <= MOST_CHARACTERS else None
        self._export = text
        self._chat = chat if chat and chat.is_export else None
        self._show_offer(is_taken=False)

    def put_away(self) -> None:
        """Hide, as another conversation is shown."""
        self._chat = None
        self.hide()

    def _show_offer(self, is_taken: bool) -> None:
        self._is_taken = is_taken
        if self._chat is None:
            self.hide()
            return
        words = f"{self._chat.described()}."
        self.setToolTip(as_said(_shown([each.text for each in self._chat.left_out])))
        if is_taken:
            self.show_notice(f"Taken. {words}", "Undo")
        else:
            self.show_notice(words, "Take the turns")

    def _act(self) -> None:
        chat, is_taken = self._chat, not self._is_taken
        if chat is None:
            return
        self.chosen.emit(chat.text if is_taken else self._export)
        # Showing the other text has put the strip away.
        self._chat = chat
        self._show_offer(is_taken)


def _shown(left_out: list[str]) -> str:
    """Return the lines that are left out, for a tooltip."""
    if not left_out:
        return ""
    more = [f"and {len(left_out) - MOST_LINES_SHOWN:,} more"] if len(left_out) > MOST_LINES_SHOWN else []
    return "\n".join(["Left out:", *left_out[:MOST_LINES_SHOWN], *more])
