"""A strip at the foot of a page that shows what was done, with an Undo action.

The page gives it room while it is shown, so that it covers nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from gui.core.background_tasks import once
from gui.look.focus_rim import has_rim
from gui.look.language import tr
from gui.widgets.buttons import IconButton
from gui.widgets.cards import NoticeStrip

SHOWN_MILLISECONDS = 10_000


class UndoStrip(NoticeStrip):
    """Hidden until `offer`; it leaves after 10 s, but not from below the pointer, or while keys work in it.

    At the `foot` of a page it keeps the page's margins.
    """

    def __init__(self, parent: QWidget | None = None, *, foot: bool = False) -> None:
        super().__init__(parent=parent)
        self.setProperty("foot", foot)
        self._undo: Callable[[], object] | None = None
        self._clock = once(self, SHOWN_MILLISECONDS, self._leave)
        self.close_button = IconButton("close", tr("Close"))
        self.close_button.clicked.connect(self.dismiss)
        self.row.addWidget(self.close_button)
        self.acted.connect(self._act)
        self.hide()

    def offer(
        self, text: str, undo: Callable[[], object] | None = None, action: str = "", *, stays: bool = False
    ) -> None:
        """Show what was done; with `undo`, an action named `action` (default "Undo") takes it back.

        A question `stays` until it is answered.
        """
        self._undo = undo
        self.show_notice(text, (action or tr("Undo")) if undo is not None else "")
        if stays:
            self._clock.stop()
        else:
            self._clock.start()

    def _leave(self) -> None:
        """Hide the strip, unless it is about to be used."""
        if self.underMouse() or any(map(has_rim, self.findChildren(QWidget))):
            self._clock.start()
        else:
            self.dismiss()

    def dismiss(self) -> None:
        self._clock.stop()
        self._undo = None
        self.hide()

    def _act(self) -> None:
        undo = self._undo
        self.dismiss()
        if undo is not None:
            undo()
