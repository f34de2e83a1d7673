"""A strip in the page that tells what was done and offers to undo it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from gui.core.timers import once
from gui.look.language import tr
from gui.widgets.cards import NoticeStrip

SHOWN_MILLISECONDS = 12_000


class UndoStrip(NoticeStrip):
    """Hidden until `offer`; goes after 12 s, when acted on, or when the next offer takes its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._undo: Callable[[], object] | None = None
        self._clock = once(self, SHOWN_MILLISECONDS, self.put_away)
        self.acted.connect(self._act)
        self.hide()

    def offer(self, text: str, undo: Callable[[], object] | None = None, action: str = "") -> None:
        """Tell what was done; with `undo` offer to take it back, under the words `action` if there are any."""
        self._undo = undo
        self.show_notice(text, (action or tr("Undo")) if undo is not None else "")
        self._clock.start()

    def put_away(self) -> None:
        """Hide the strip and forget what could be undone."""
        self._clock.stop()
        self._undo = None
        self.hide()

    def _act(self) -> None:
        undo = self._undo
        self.put_away()
        if undo is not None:
            undo()
