"""A strip in the page that shows what was done, with an Undo action."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from gui.core.timers import once
from gui.look.language import tr
from gui.widgets.buttons import IconButton
from gui.widgets.cards import NoticeStrip

SHOWN_MILLISECONDS = 12_000


class UndoStrip(NoticeStrip):
    """Hidden until `offer`; an action stays until it is used, closed or replaced by the next offer.

    A text without an action hides after 12 s.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._undo: Callable[[], object] | None = None
        self._clock = once(self, SHOWN_MILLISECONDS, self.dismiss)
        self.close_button = IconButton("close", tr("Close"))
        self.close_button.clicked.connect(self.dismiss)
        self.row.addWidget(self.close_button)
        self.acted.connect(self._act)
        self.hide()

    def offer(self, text: str, undo: Callable[[], object] | None = None, action: str = "") -> None:
        """Show what was done; with `undo`, an action named `action` (default "Undo") takes it back."""
        self._undo = undo
        self.show_notice(text, (action or tr("Undo")) if undo is not None else "")
        if undo is None:
            self._clock.start()
        else:
            self._clock.stop()

    def leaves_by_itself(self) -> bool:
        """Return whether the strip will hide without being touched."""
        return self._clock.isActive()

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
