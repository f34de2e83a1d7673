"""The strip below a pasted chat export: its format, and a button to use its turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.api import chats
from gui.look.format import number_text
from gui.look.language import tr, tr_count, translate
from gui.look.tooltips import plain_tooltip
from gui.widgets.cards import NoticeStrip

# Longer texts are not parsed, since the window would wait.
MAX_CHARACTERS = 500_000
MAX_LINES_SHOWN = 20
LEFT_OUT: dict[str, Callable[[int], str]] = {
    "system": lambda count: tr_count(count, "{n} system line", "{n} system lines"),
    "media": lambda count: tr_count(count, "{n} media tag", "{n} media tags"),
    "quote": lambda count: tr_count(count, "{n} quoted message", "{n} quoted messages"),
    "signature": lambda count: tr_count(count, "{n} signature", "{n} signatures"),
    "chat": lambda count: tr_count(count, "{n} other chat", "{n} other chats"),
}


class ExportOffer(NoticeStrip):
    """Hidden until `look_at` finds an export; `chosen` carries the text to show: the turns, or the pasted text."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._export = ""
        self._chat: chats.Chat | None = None
        self._is_taken = False
        self.acted.connect(self._act)
        self.hide()

    def look_at(self, text: str) -> None:
        """Offer the turns of a chat export or a transcript; hide for any other text."""
        chat = chats.read(text) if len(text) <= MAX_CHARACTERS else None
        self._export = text
        self._chat = chat if chat and chat.is_export else None
        self._show_offer(is_taken=False)

    def dismiss(self) -> None:
        """Hide, since another conversation is shown."""
        self._chat = None
        self.hide()

    def _show_offer(self, is_taken: bool) -> None:
        self._is_taken = is_taken
        if self._chat is None:
            self.hide()
            return
        text = _described(self._chat)
        self.setToolTip(plain_tooltip(_shown([each.text for each in self._chat.left_out])))
        if is_taken:
            self.show_notice(f"{tr('Turns used.')} {text}", tr("Undo"))
        else:
            self.show_notice(text, tr("Use the turns"))

    def _act(self) -> None:
        chat, is_taken = self._chat, not self._is_taken
        if chat is None:
            return
        self.chosen.emit(chat.text if is_taken else self._export)
        # Showing the other text has hidden the strip.
        self._chat = chat
        self._show_offer(is_taken)


def _described(chat: chats.Chat) -> str:
    """Return the format of a text and what of it was left out."""
    known = {
        "format": translate(chats.TITLES[chat.kind]),
        "turns": tr_count(len(chat.turns), "{n} turn", "{n} turns"),
        "speakers": tr_count(len(chat.speakers), "{n} speaker", "{n} speakers")
        if chat.speakers
        else tr("no named speaker"),
    }
    counts: Counter[str] = Counter(each.kind for each in chat.left_out)
    left = [text(counts[kind]) for kind, text in LEFT_OUT.items() if counts[kind]]
    if not left:
        return tr("{format}: {turns} of {speakers}.", **known)
    listed = tr("{parts} and {last}", parts=", ".join(left[:-1]), last=left[-1]) if left[1:] else left[0]
    return tr("{format}: {turns} of {speakers}; {left} left out.", left=listed, **known)


def _shown(left_out: list[str]) -> str:
    """Return the lines that are left out, for a tooltip."""
    if not left_out:
        return ""
    hidden = len(left_out) - MAX_LINES_SHOWN
    more = [tr("and {count} more", count=number_text(hidden))] if hidden > 0 else []
    return "\n".join([tr("Left out:"), *left_out[:MAX_LINES_SHOWN], *more])
