"""A search field with a lens and a placeholder; Esc clears it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from gui.core.timers import once
from gui.look import icons, style
from gui.look.fonts import px


class SearchField(QLineEdit):
    """`searched(text)` is emitted 120 ms after the last key, and at once when cleared or on Return."""

    searched = Signal(str)

    def __init__(self, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._rest = once(self, 120, self._emit_searched)
        self.textChanged.connect(self._changed)
        self.returnPressed.connect(self._emit_searched)
        style.on_style_changed(self._restyle)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Clear with Esc."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the field and the lens."""
        super().paintEvent(event)
        painter = QPainter(self)
        side = px(16)
        ltr = self.layoutDirection() == Qt.LayoutDirection.LeftToRight
        left = 9 if ltr else self.width() - 9 - side
        icons.paint(painter, QRectF(left, (self.height() - side) / 2, side, side), "search", "muted")
        painter.end()

    def _changed(self, text: str) -> None:
        self._rest.start() if text else self._emit_searched()

    def _emit_searched(self) -> None:
        self._rest.stop()
        self.searched.emit(self.text().strip())

    def _restyle(self) -> None:
        ltr = self.layoutDirection() == Qt.LayoutDirection.LeftToRight
        room = px(16) + 10
        self.setTextMargins(room if ltr else 0, 0, 0 if ltr else room, 0)
        self.update()
