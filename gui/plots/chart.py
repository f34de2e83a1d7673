"""A chart: axes with hairlines and labels around what a subclass draws, on screen, as PNG or as SVG.

Knows values, not their meaning. It is cheap enough to be redrawn with every change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.look import style
from gui.look.focus_rim import has_rim
from gui.look.fonts import font, metrics, px

LEFT, BOTTOM, TOP = 40, 24, 8

Tick = tuple[float, str]


@dataclass(frozen=True)
class Frame:
    """Maps values to pixels: the rectangle of the drawing and the values at its sides."""

    rect: QRectF
    x: tuple[float, float]
    y: tuple[float, float]

    def point(self, x: float, y: float) -> QPointF:
        """Return the point of a pair of values."""
        return QPointF(self.at_x(x), self.at_y(y))

    def at_x(self, value: float) -> float:
        """Return the x coordinate of a value."""
        low, high = self.x
        return self.rect.left() + self.rect.width() * (value - low) / ((high - low) or 1.0)

    def at_y(self, value: float) -> float:
        """Return the y coordinate of a value."""
        low, high = self.y
        return self.rect.bottom() - self.rect.height() * (value - low) / ((high - low) or 1.0)

    def x_at(self, pixels: float) -> float:
        """Return the value at an x coordinate, which may lie outside."""
        low, high = self.x
        return low + (high - low) * (pixels - self.rect.left()) / (self.rect.width() or 1.0)


class Chart(QWidget):
    """Subclasses define ranges and ticks of both axes, and draw into the resulting frame."""

    accessible_role = QAccessible.Role.Chart
    # The width right of the drawing, for names at line ends.
    right_room = 12

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 140)
        style.on_style_changed(self.update)

    # Defined by subclasses.
    def ranges(self, rect: QRectF) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return minimum and maximum of x and of y, for a drawing of this size."""
        raise NotImplementedError

    def ticks(self, frame: Frame) -> tuple[Sequence[Tick], Sequence[Tick]]:
        """Return the labelled values of x and of y."""
        raise NotImplementedError

    def draw(self, painter: QPainter, frame: Frame) -> None:
        """Draw the values."""
        raise NotImplementedError

    # Drawing.
    def frame(self) -> Frame:
        """Return the frame on the screen."""
        return self._frame(QRectF(self.rect()))

    def _frame(self, whole: QRectF) -> Frame:
        rect = whole.adjusted(px(LEFT), px(TOP), -px(self.right_room), -px(BOTTOM))
        return Frame(rect, *self.ranges(rect))

    def sizeHint(self) -> QSize:
        """Return the usual size."""
        return QSize(px(420), px(280))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the chart, with a rim while it has the keyboard focus."""
        painter = QPainter(self)
        self.paint(painter, QRectF(self.rect()))
        if has_rim(self):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(style.color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)
        painter.end()

    def paint(self, painter: QPainter, whole: QRectF) -> None:
        """Draw the chart into a rectangle of any paint device."""
        frame = self._frame(whole)
        across, up = self.ticks(frame)
        self._paint_axes(painter, frame, across, up)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.draw(painter, frame)
        painter.restore()

    def _paint_axes(
        self, painter: QPainter, frame: Frame, across: Sequence[Tick], up: Sequence[Tick]
    ) -> None:
        painter.setFont(font("axis"))
        high, wide = metrics("axis").height(), px(64)
        for value, text in up:
            y = round(frame.at_y(value)) + 0.5
            painter.setPen(QPen(style.color("line"), 1))
            painter.drawLine(QPointF(frame.rect.left(), y), QPointF(frame.rect.right(), y))
            painter.setPen(style.color("hint"))
            rect = QRectF(frame.rect.left() - px(LEFT), y - high / 2, px(LEFT) - px(8), high)
            painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        painter.setPen(style.color("hint"))
        for value, text in across:
            rect = QRectF(frame.at_x(value) - wide / 2, frame.rect.bottom() + px(6), wide, high)
            painter.drawText(rect, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)

    # Export.
    def save_png(self, path: Path) -> bool:
        """Write the chart as PNG at the screen's pixel ratio; return whether that worked."""
        return self.grab().save(str(path), "PNG")

    def save_svg(self, path: Path) -> bool:
        """Write the chart as SVG on the page's background; return whether that worked."""
        from PySide6.QtSvg import QSvgGenerator

        generator = QSvgGenerator()
        generator.setFileName(str(path))
        generator.setTitle(self.accessibleName())
        generator.setSize(self.size())
        generator.setViewBox(self.rect())
        painter = QPainter()
        if not painter.begin(generator):
            return False
        painter.fillRect(self.rect(), style.color("background"))
        self.paint(painter, QRectF(self.rect()))
        return painter.end()
