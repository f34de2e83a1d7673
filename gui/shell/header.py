"""The header of a page: title, subtitle with a status dot, and buttons at the right.

Pages add their own buttons.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QVBoxLayout, QWidget

from gui.look import style
from gui.look.fonts import px
from gui.widgets.labels import ElidedLabel

HEIGHT = 72


class Header(QWidget):
    """72 high and a hairline: `set_title`, `set_subtitle(text, dot)`, `add(widget)` at the right."""

    def __init__(self, title: str = "", subtitle: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ElidedLabel(title, "title", "ink")
        self._subtitle = ElidedLabel(subtitle, "label", "ink2")
        self._dot = _Dot()
        self._dot.hide()
        below = QHBoxLayout()
        below.setSpacing(6)
        below.addWidget(self._dot)
        below.addWidget(self._subtitle, 1)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addStretch(1)
        texts.addWidget(self._title)
        texts.addLayout(below)
        texts.addStretch(1)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(24, 0, 24, 1)
        self._row.setSpacing(8)
        self._row.addLayout(texts, 1)
        self._row.addSpacing(16)
        style.follow(self._restyle)

    def set_title(self, title: str) -> None:
        """Set the title."""
        self._title.setText(title)

    def title(self) -> str:
        """Return the title."""
        return self._title.text()

    def set_subtitle(self, text: str, dot: str = "") -> None:
        """Set the subtitle; `dot` is a token (accent, grey, copper, brick) or "" for none."""
        self._subtitle.setText(text)
        self._dot.set_token(dot)
        self._dot.setVisible(bool(dot))

    def subtitle(self) -> str:
        """Return the subtitle."""
        return self._subtitle.text()

    def add(self, widget: QWidget) -> None:
        """Add a button or another control at the right."""
        self._row.addWidget(widget, alignment=Qt.AlignmentFlag.AlignVCenter)

    def buttons(self) -> list[QAbstractButton]:
        """Return the buttons at the right, in order."""
        items = (self._row.itemAt(at) for at in range(self._row.count()))
        placed = (item.widget() for item in items if item is not None)
        return [each for each in placed if isinstance(each, QAbstractButton)]

    def _restyle(self) -> None:
        self.setFixedHeight(px(HEIGHT) + 1)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the hairline at the foot."""
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, style.color("line"))
        painter.end()


class _Dot(QWidget):
    """A status dot; the text beside it says the same."""

    def __init__(self) -> None:
        super().__init__()
        self._token = "grey"
        style.follow(self._restyle)

    def _restyle(self) -> None:
        self.setFixedSize(QSize(px(8), px(8)))
        self.update()

    def set_token(self, token: str) -> None:
        self._token = token or "grey"
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.color(self._token))
        painter.drawEllipse(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()
