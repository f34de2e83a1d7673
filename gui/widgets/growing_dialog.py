"""A dialog that grows with its content; Qt's own keeps its size and squeezes the content."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QWidget

from gui.look import style
from gui.look.fonts import px
from gui.widgets.layouts import BAR, Scroll, vbox

# Of the screen's height, left for the title bar and what lies around the dialog.
SCREEN_SHARE = 0.9


class GrowingDialog(QDialog):
    """At least as high as its layout needs at its width."""

    def event(self, event: QEvent) -> bool:
        if event.type() != QEvent.Type.LayoutRequest:
            return super().event(event)
        handled = super().event(event)
        self.grow()
        return handled

    def grow(self) -> None:
        self.resize(self.width(), max(self.height(), self.needed_height()))

    def needed_height(self) -> int:
        """Return the height that the content needs at the present width."""
        layout = self.layout()
        return layout.totalHeightForWidth(self.width()) if layout is not None else 0


class ScrollingDialog(GrowingDialog):
    """A growing dialog whose content, in `column`, scrolls where the screen or its window is too low; `foot` stays.

    In a higher dialog the content stays at the top. `width` is the least, in pixels before text scaling.
    """

    def __init__(self, width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._width = width
        self._scroll = Scroll((24, 24, 24, 8))
        self.column = vbox(spacing=16)
        self._scroll.column.addLayout(self.column)
        self._scroll.column.setSpacing(0)
        self._scroll.column.addStretch(1)
        self.foot = vbox(margins=(24, 8, 24, 24))
        vbox((self._scroll, 1), self.foot, of=self, spacing=0)
        style.on_style_changed(self._fit_width)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin as high as the content needs, not as high as Qt's dialogs do."""
        if not event.spontaneous():
            self.resize(self.width(), 1)
            self._fit_width()
        super().showEvent(event)

    def _fit_width(self) -> None:
        """Leave no word of the content cut off: with a large text it may need more than the width."""
        self.setMinimumWidth(max(px(self._width), self._scroll.column.minimumSize().width() + BAR))
        self.grow()

    def grow(self) -> None:
        """Take the height that the content needs, as far as there is room."""
        parent = self.parentWidget()
        within = (
            parent.window().height() if parent is not None else self.screen().availableGeometry().height()
        )
        self.resize(self.width(), min(max(self.height(), self.needed_height()), int(SCREEN_SHARE * within)))

    def needed_height(self) -> int:
        content = self._scroll.column.totalHeightForWidth(self.width())
        return content + self.foot.totalSizeHint().height()
