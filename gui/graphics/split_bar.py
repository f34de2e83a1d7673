"""A bar split into portions of a sum, with a legend of names and sizes.

Knows texts, sizes and colours, not what is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.look import style
from gui.look.fonts import font, px

BAR, SWATCH, ROW, GAP = 8, 8, 18, 16
# Pixels that keep a name and its size apart.
BETWEEN = 6
COLUMN = 128
THINNEST = 2.0


@dataclass(frozen=True)
class Portion:
    """One portion: its name, its size, the size as text, and its colour.

    `strength` is the opacity of the colour on the background.
    """

    name: str
    size: float
    text: str
    token: str
    strength: float = 1.0

    def color(self) -> QColor:
        """Return the colour in the current scheme."""
        return style.mixed(self.token, "surface", self.strength)


class SplitBar(QWidget):
    """Draws portions of a sum in the given order over the whole width; empty ones are left out.

    Without portions, an empty track is drawn and space reserved for a legend of `expected` entries.
    """

    def __init__(self, name: str, expected: int = 0) -> None:
        super().__init__()
        self._expected = expected
        self.portions: tuple[Portion, ...] = ()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        style.on_style_changed(self._restyle)

    def set_portions(self, portions: Sequence[Portion]) -> None:
        self.portions = tuple(portion for portion in portions if portion.size > 0)
        self.setAccessibleDescription(", ".join(f"{part.name} {part.text}" for part in self.portions))
        self._restyle()

    def sizeHint(self) -> QSize:
        """Return the size of the bar and the legend."""
        return QSize(px(2 * COLUMN) + GAP, px(BAR) + 6 + self._rows() * px(ROW))

    def minimumSizeHint(self) -> QSize:
        """Return the width of one column of the legend."""
        return QSize(px(COLUMN), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the number of columns to the width."""
        super().resizeEvent(event)
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar and the legend."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_bar(painter)
        for at, portion in enumerate(self.portions):
            self._paint_entry(painter, portion, self._entry_place(at))
        painter.end()

    def _columns(self) -> int:
        narrow, wide = (int((self.width() + GAP) // (each + GAP)) for each in (px(COLUMN), self._widest()))
        # Two columns may shorten a name; more of them only where all names fit.
        room = max(1, wide, min(2, narrow))
        return min(room, max(1, self._entries()))

    def _widest(self) -> int:
        """Return the width in pixels of the longest legend entry, at least that of a column."""
        name, size = QFontMetrics(font("label")), QFontMetrics(font("figure_small"))
        widths = (
            name.horizontalAdvance(each.name) + size.horizontalAdvance(each.text) for each in self.portions
        )
        return max(px(COLUMN), max(widths, default=0) + px(SWATCH) + 6 + BETWEEN)

    def _rows(self) -> int:
        return ceil(self._entries() / self._columns())

    def _entries(self) -> int:
        return len(self.portions) or self._expected

    def _entry_place(self, at: int) -> QRectF:
        """The rectangle of a legend entry: down the first column, then down the next."""
        width = min((self.width() + GAP) / self._columns() - GAP, px(2 * COLUMN))
        column, row = divmod(at, self._rows())
        left = column * (width + GAP)
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            left = self.width() - left - width
        return QRectF(left, px(BAR) + 6 + row * px(ROW), width, px(ROW))

    def _paint_bar(self, painter: QPainter) -> None:
        """Draw the portions with a thin gap between them; the smallest stays visible."""
        total = sum(portion.size for portion in self.portions)
        room = self.width() - sum(THINNEST + 1 for _ in self.portions)
        left = 0.0
        painter.setPen(Qt.PenStyle.NoPen)
        if not self.portions:
            painter.setBrush(style.color("grey_soft"))
            painter.drawRoundedRect(QRectF(0, 0, self.width(), px(BAR)), 1, 1)
        for portion in self.portions:
            width = THINNEST + room * portion.size / total
            rect = QRectF(left, 0, width, px(BAR))
            if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
                rect.moveRight(self.width() - left)
            painter.setBrush(portion.color())
            painter.drawRoundedRect(rect, 1, 1)
            left += width + 1

    @staticmethod
    def _paint_entry(painter: QPainter, portion: Portion, rect: QRectF) -> None:
        top = rect.top() + (rect.height() - px(SWATCH)) / 2
        ltr = painter.layoutDirection() == Qt.LayoutDirection.LeftToRight
        left = rect.left() if ltr else rect.right() - px(SWATCH)
        painter.setPen(QPen(Qt.PenStyle.NoPen))
        painter.setBrush(portion.color())
        painter.drawRoundedRect(QRectF(left, top, px(SWATCH), px(SWATCH)), 2, 2)
        text = rect.adjusted(px(SWATCH) + 6, 0, 0, 0) if ltr else rect.adjusted(0, 0, -px(SWATCH) - 6, 0)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        room = text.width() - BETWEEN - QFontMetrics(font("figure_small")).horizontalAdvance(portion.text)
        painter.setFont(font("label"))
        painter.setPen(style.color("muted"))
        shown = painter.fontMetrics().elidedText(portion.name, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(text, Qt.AlignmentFlag.AlignLeading | middle, shown)
        painter.setFont(font("figure_small"))
        painter.setPen(style.color("text"))
        painter.drawText(text, Qt.AlignmentFlag.AlignTrailing | middle, portion.text)

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()
