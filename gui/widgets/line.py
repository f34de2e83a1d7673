"""Hairlines."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.look import style


class Line(QWidget):
    """A line of one pixel, horizontal unless `vertical`, in a token (line, edge)."""

    def __init__(self, vertical: bool = False, token: str = "line", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._token = token
        self._vertical = vertical
        stretch, thin = QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed
        self.setSizePolicy(*((thin, stretch) if vertical else (stretch, thin)))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        """Return one pixel across."""
        return QSize(1, 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line."""
        painter = QPainter(self)
        rect = self.contentsRect()
        rect.setWidth(1) if self._vertical else rect.setHeight(1)
        painter.fillRect(rect, style.color(self._token))
        painter.end()
