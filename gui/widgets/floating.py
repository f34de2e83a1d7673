"""Shows a strip above the bottom of a page, so that what comes and goes moves nothing in the page's layout."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect
from PySide6.QtWidgets import QWidget

from gui.look import style
from gui.look.fonts import px

MARGIN = 16
MAX_WIDTH = 720


class Anchor(QObject):
    """Keeps a strip at the bottom of a page, as wide as the page up to a limit, and in front."""

    def __init__(self, strip: QWidget, page: QWidget) -> None:
        super().__init__(strip)
        self._strip, self._page = strip, page
        style.set_property(strip, "floats", "true")
        strip.installEventFilter(self)
        strip.hide()
        self.move_to(page)

    def move_to(self, page: QWidget) -> None:
        """Float over another page from now on."""
        is_shown = not self._strip.isHidden()
        self._page.removeEventFilter(self)
        self._page = page
        page.installEventFilter(self)
        if self._strip.parent() is not page:
            self._strip.setParent(page)
            self._strip.setVisible(is_shown)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the page's size, and the strip's text."""
        moves = event.type() == QEvent.Type.Resize if watched is self._page else event.type() in _CHANGES
        if moves and not self._strip.isHidden():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        width = max(0, min(self._page.width() - 2 * MARGIN, px(MAX_WIDTH)))
        height = max(self._strip.minimumSizeHint().height(), self._strip.heightForWidth(width))
        left, top = (self._page.width() - width) // 2, self._page.height() - height - MARGIN
        # A strip's own limit is that of its last width.
        self._strip.setMaximumHeight(height)
        self._strip.setGeometry(QRect(left, top, width, height))
        self._strip.raise_()


_CHANGES = {QEvent.Type.Show, QEvent.Type.LayoutRequest}


def float_over(strip: QWidget, page: QWidget) -> Anchor:
    """Show a strip above the bottom of a page instead of within its layout."""
    return Anchor(strip, page)
