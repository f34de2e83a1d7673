"""A segmented control: one of a few texts, drawn as a track with a raised segment.

Handles drawing, keyboard and accessible texts. Knows keys and texts, not their meaning.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.look import style
from gui.look.focus_rim import has_rim
from gui.look.fonts import font, metrics, px
from gui.look.language import tr


class SegmentedControl(QWidget):
    """Chooses one of a few: `items` are (key, text) pairs, or plain texts that are their own keys.

    Left and Right move, Home and End jump; `short` is 28 high, for tool rows. `currentChanged(key)` reports a change by
    the user or by `set_current`.
    """

    accessible_role = QAccessible.Role.ComboBox
    currentChanged = Signal(str)

    def __init__(
        self,
        items: Sequence[tuple[str, str] | str],
        short: bool = False,
        stretch: bool = False,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._items = [(item, item) if isinstance(item, str) else item for item in items]
        self._current = 0
        self._hovered = -1
        self._short = short
        self._name = name
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        wide = QSizePolicy.Policy.Expanding if stretch else QSizePolicy.Policy.Fixed
        self.setSizePolicy(wide, QSizePolicy.Policy.Fixed)
        self._describe()
        style.on_style_changed(self._restyle)

    def current(self) -> str:
        """Return the chosen key."""
        return self._items[self._current][0]

    def set_current(self, key: str) -> None:
        """Choose a key. Raises ValueError if it is unknown."""
        self._choose([item[0] for item in self._items].index(key))

    def set_text(self, key: str, text: str) -> None:
        """Change the text of a key, for example its count."""
        at = [item[0] for item in self._items].index(key)
        self._items[at] = (key, text)
        self._describe()
        self.updateGeometry()
        self.update()

    def texts(self) -> list[str]:
        """Return the texts in order."""
        return [text for _, text in self._items]

    def sizeHint(self) -> QSize:
        """Return the size of all texts."""
        return QSize(round(sum(self._widths())) + 6, px(28 if self._short else 32))

    def minimumSizeHint(self) -> QSize:
        """Return the size hint: texts are never clipped."""
        return self.sizeHint()

    def _widths(self) -> list[float]:
        """Equal widths, or each text's own width in a tool row."""
        measured = metrics("label_medium")
        widths = [measured.horizontalAdvance(text) + px(22) for _, text in self._items]
        return widths if self._short else [max(widths)] * len(widths)

    def _segments(self) -> list[QRectF]:
        """The rectangles of the segments; extra width is shared evenly."""
        widths = self._widths()
        spare = (self.width() - 6 - sum(widths)) / len(widths)
        if self.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Expanding:
            even = (self.width() - 6) / len(widths)
            widths, spare = ([even] * len(widths), 0.0) if even >= max(widths) else (widths, spare)
        left, made = 3.0, []
        for width in widths:
            made.append(QRectF(left, 3, width + spare, self.height() - 6))
            left += width + spare
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            made = [QRectF(self.width() - r.right(), r.top(), r.width(), r.height()) for r in made]
        return made

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the track, the raised segment and the texts."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.color("hover"))
        painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
        painter.setFont(font("label_medium"))
        for at, segment in enumerate(self._segments()):
            self._draw_segment(painter, at, segment)
        if has_rim(self):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(style.color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)
        painter.end()

    def _draw_segment(self, painter: QPainter, at: int, segment: QRectF) -> None:
        chosen = at == self._current
        if chosen and self.isEnabled():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.color("raised"))
            painter.drawRoundedRect(segment, 4, 4)
        token = "text" if chosen or at == self._hovered else "muted"
        painter.setPen(style.color(token if self.isEnabled() else "off"))
        # Where a row is too narrow after all, no text runs into its neighbour.
        text = painter.fontMetrics().elidedText(
            self._items[at][1], Qt.TextElideMode.ElideRight, round(segment.width())
        )
        painter.drawText(segment, Qt.AlignmentFlag.AlignCenter, text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the segment under the pointer."""
        at = self._at(event)
        if at >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._choose(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Highlight the text under the pointer."""
        self._hovered = self._at(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Remove the highlight."""
        self._hovered = -1
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move with Left and Right, jump with Home and End."""
        forward = 1 if self.layoutDirection() == Qt.LayoutDirection.LeftToRight else -1
        last = len(self._items) - 1
        moves = {
            Qt.Key.Key_Right: self._current + forward,
            Qt.Key.Key_Left: self._current - forward,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if event.key() not in moves:
            super().keyPressEvent(event)
            return
        self._choose(min(last, max(0, moves[Qt.Key(event.key())])))

    def _at(self, event: QMouseEvent) -> int:
        found = [at for at, r in enumerate(self._segments()) if r.contains(event.position())]
        return found[0] if found else -1

    def _choose(self, at: int) -> None:
        if at == self._current:
            return
        self._current = at
        self._describe()
        self.update()
        self.currentChanged.emit(self.current())

    def _describe(self) -> None:
        texts = ", ".join(text for _, text in self._items)
        chosen = self._items[self._current][1]
        self.setAccessibleName(f"{self._name}: {chosen}" if self._name else chosen)
        self.setAccessibleDescription(tr("One of {texts}", texts=texts))

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()
