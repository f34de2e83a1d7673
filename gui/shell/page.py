"""The base class of pages: header above, body below.

A page adds its content to `body` (a layout without margins) and its buttons to `header`. `adapt` is called with every
new width of the window, `shown` when the page comes to the front.

Parts with parts of their own get their parent when they are made: Qt styles a whole subtree again whenever it gets
another parent.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QWidget

from gui.core.preferences import restore_in, saved_in
from gui.look import style
from gui.shell.header import Header
from gui.widgets.layouts import vbox

NARROW = 1200


class Page(QWidget):
    """A page of the window. Subclasses fill `self.body`, the layout of `self.content`.

    They may override `adapt` and `shown`.
    """

    def __init__(self, title: str, subtitle: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        style.set_background(self, "background")
        self.header = Header(title, subtitle, self)
        self.content = QWidget(self)
        self.body = vbox(of=self.content, spacing=0)
        vbox(self.header, (self.content, 1), of=self, spacing=0)

    def title(self) -> str:
        """Return the title in the header."""
        return self.header.title()

    def adapt(self, width: int) -> None:
        """Lay out for the width of the *window* in pixels; below 1200 a page folds to fewer columns."""

    def shown(self) -> None:
        """Called when the page has come to the front."""

    def entries(self) -> list[QAction]:
        """Return further current actions for the palette, beside shortcuts and header buttons."""
        return []

    def saved_state(self) -> dict[str, str]:
        """Return the saved states of the page's parts, by name."""
        return saved_in(self)

    def restore_state(self, saved: Mapping[str, str]) -> None:
        """Restore what `saved_state` returned at an earlier start."""
        restore_in(self, saved)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Adapt to the window's new width."""
        super().resizeEvent(event)
        self.adapt(self.window().width())
