"""A strip in the page that shows what was done, with an Undo action."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from gui.core.timers import once
from gui.look.language import tr
from gui.widgets.cards import NoticeStrip

SHOWN_MILLISECONDS = 12_000


class UndoStrip(NoticeStrip):
    """Hidden until `offer`; hides after 12 s, or when its action is used, or with the next offer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._undo: Callable[[], object] | None = None
        self._clock = once(self, SHOWN_MILLISECONDS, self.dismiss)
        self.acted.connect(self._act)
        self.hide()

    def offer(self, text: str, undo: Callable[[], object] | None = None, action: str = "") -> None:
        """Show what was done; with `undo`, an action named `action` (default "Undo") takes it back."""
        self._undo = undo
        self.show_notice(text, (action or tr("Undo")) if undo is not None else "")
        self._clock.start()

    def dismiss(self) -> None:
        """Hide the strip and drop its undo function."""
        self._clock.stop()
        self._undo = None
        self.hide()

    def _act(self) -> None:
        undo = self._undo
        self.dismiss()
        if undo is not None:
            undo()
