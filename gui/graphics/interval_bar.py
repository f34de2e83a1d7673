"""Paints confidence intervals: a dot for the mean, error bars, and the base model as a dashed vertical.

Knows values and the axis, not where they come from. Every interval has a text as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.look import style
from gui.look.fonts import px
from gui.models.metric_text import ConfidenceInterval

# Whatever the size of the text, since a narrow window has no room for more.
MIN_WIDTH = 96


def paint_interval(
    painter: QPainter,
    rect: QRectF,
    axis: tuple[float, float],
    interval: ConfidenceInterval,
    middle: float | None = None,
) -> None:
    """Draw an interval; the sides of the rectangle are the ends of the axis, `middle` is y (None: the centre)."""
    y = rect.center().y() if middle is None else middle
    low, high = interval.ends
    left, at, right = (_along(rect, axis, value) for value in (low, interval.mean, high))
    color = style.color(interval.token)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
    if interval.low is not None and interval.high is not None:
        painter.drawLine(QPointF(left, y), QPointF(right, y))
        for x in (left, right):
            painter.drawLine(QPointF(x, y - 3.75), QPointF(x, y + 3.75))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawEllipse(QPointF(at, y), 3.75, 3.75)
    painter.restore()


def paint_base_line(
    painter: QPainter, rect: QRectF, axis: tuple[float, float], value: float, dashed: bool = True
) -> None:
    """Draw the base model's mean as a dashed vertical, or a difference's zero as a solid one."""
    x = round(_along(rect, axis, value)) + 0.5
    painter.save()
    pen = QPen(style.color("hint" if dashed else "outline"), 1)
    if dashed:
        pen.setDashPattern([3, 2])
    painter.setPen(pen)
    painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
    painter.restore()


class IntervalBar(QWidget):
    """One row of intervals on one axis, the base above the tuned, with a vertical at zero or at the base's mean."""

    accessible_role = QAccessible.Role.Graphic

    def __init__(self) -> None:
        super().__init__()
        self._intervals: list[ConfidenceInterval] = []
        self._axis = (0.0, 1.0)
        self._zero = self._base = False
        self.setMinimumSize(MIN_WIDTH, px(28))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        style.on_style_changed(self.update)

    def show_intervals(
        self,
        intervals: Sequence[ConfidenceInterval],
        axis: tuple[float, float],
        text: str,
        zero: bool = False,
        base: bool = False,
    ) -> None:
        """Show intervals from top to bottom; `text` is the accessible name.

        `zero` draws a vertical at no difference; `base` a dashed one there, where the base model's mean is.
        """
        self._intervals, self._axis, self._zero, self._base = list(intervals), axis, zero, base
        self.setAccessibleName(text)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(px(160), px(36))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        rect = QRectF(self.rect()).adjusted(6, 0, -6, 0)
        if self._zero:
            paint_base_line(painter, rect.adjusted(0, 2, 0, -2), self._axis, 0.0, dashed=False)
        elif self._base:
            paint_base_line(painter, rect, self._axis, 0.0)
        gap = 15.0
        first = rect.center().y() - gap * (len(self._intervals) - 1) / 2
        for at, interval in enumerate(self._intervals):
            paint_interval(painter, rect, self._axis, interval, first + at * gap)
        painter.end()


def _along(rect: QRectF, axis: tuple[float, float], value: float) -> float:
    low, high = axis
    share = 0.5 if high <= low else min(1.0, max(0.0, (value - low) / (high - low)))
    return rect.left() + share * rect.width()
