"""A histogram of lengths with a movable limit.

Knows bins and a limit, not what is counted. Beyond the limit, bars and background have the warning colour.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy

from gui.look import icons, style
from gui.look.focus_rim import has_rim
from gui.look.fonts import font, metrics, px
from gui.look.format import number_text
from gui.look.language import tr

# The axis reaches to a limit beyond the bins, but not further than so many times as far as they do.
FARTHEST = 4.0
# What lies right of a limit beyond the bins.
AIR = 1.04


class Histogram(QAbstractSlider):
    """Bars from `low` in bins of `width`; the limit is the slider's value.

    A limit beyond the bins stands at its place on the axis; one that is farther away stands at the edge with an arrow.
    `valueChanged(int)` is emitted during a drag, `limitSettled(int)` at its end and after each key. Esc cancels a drag.
    """

    accessible_role = QAccessible.Role.Slider
    limitSettled = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name, self._unit = name, tr("tokens")
        self._counts: list[int] = []
        self._low, self._bin = 0.0, 1.0
        self._axis_end = 1.0
        self._has_limit = False
        self._before_drag: int | None = None
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.setPageStep(16)
        self.setMinimumSize(px(180), px(140))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        style.on_style_changed(self.update)
        self.set_limit(None)

    def set_counts(self, counts: Sequence[int], width: float, low: float = 0.0) -> None:
        self._counts, self._bin, self._low = list(counts), max(1e-9, width), low
        self._axis_end = self._bins_end()
        self.set_limit(self.limit())

    def set_limit(self, limit: int | None) -> None:
        """Set the limit without a signal; None shows no limit."""
        self._has_limit = limit is not None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if self._has_limit else Qt.FocusPolicy.NoFocus)
        with QSignalBlocker(self):
            self.setRange(int(self._low) + 1, max(int(self._axis_end), limit or 0))
            self.setValue(limit or 0)
        self._reach_limit()

    def limit(self) -> int | None:
        return self.value() if self._has_limit else None

    def beyond(self) -> int:
        """Return the count in bins that begin at or beyond the limit."""
        if not self._has_limit:
            return 0
        starts = ((self._low + at * self._bin, count) for at, count in enumerate(self._counts))
        return sum(count for start, count in starts if start >= self.value())

    def sliderChange(self, change: QAbstractSlider.SliderChange) -> None:
        super().sliderChange(change)
        if change == QAbstractSlider.SliderChange.SliderValueChange:
            self._reach_limit()

    def sizeHint(self) -> QSize:
        return QSize(px(360), px(280))

    def _plot(self) -> QRectF:
        return QRectF(self.rect()).adjusted(1, px(26), -1, -px(26))

    def _bins_end(self) -> float:
        return self._low + self._bin * max(1, len(self._counts))

    def _reach_limit(self) -> None:
        """Let the axis reach to the limit. It gets no shorter under a pointer that drags the handle to a lower one."""
        bins = self._bins_end() - self._low
        if self._is_far() and self.value() <= self._low + FARTHEST * bins:
            self._axis_end = self._low + AIR * (self.value() - self._low)
        # A limit beyond the last bin stays until it is moved below it.
        self.setMaximum(max(int(self._axis_end), self.value()))
        self._describe()
        self.update()

    def _is_far(self) -> bool:
        return self._has_limit and self.value() > self._axis_end

    def _x(self, value: float) -> float:
        plot = self._plot()
        share = (value - self._low) / (self._axis_end - self._low)
        return plot.left() + min(1.0, max(0.0, share)) * plot.width()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        plot = self._plot()
        if self._has_limit and not self._is_far():
            cut = QRectF(QPointF(self._x(self.value()), plot.top()), plot.bottomRight())
            painter.fillRect(cut, style.color("warning_soft"))
        self._paint_bars(painter, plot)
        painter.setPen(QPen(style.color("outline"), 1))
        painter.drawLine(
            QPointF(plot.left(), plot.bottom() + 0.5), QPointF(plot.right(), plot.bottom() + 0.5)
        )
        self._paint_labels(painter, plot)
        if self._has_limit:
            self._paint_limit(painter, plot)
        painter.end()

    def _paint_bars(self, painter: QPainter, plot: QRectF) -> None:
        highest = max(self._counts, default=0)
        if not highest:
            return
        each = plot.width() * self._bin / (self._axis_end - self._low)
        gap = 1.0 if each >= 3 else 0.0
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for at, count in enumerate(self._counts):
            if not count:
                continue
            tall = max(1.5, (plot.height() - 6) * count / highest)
            start = self._low + at * self._bin
            past = self._has_limit and start + self._bin / 2 > self.value()
            bar = QRectF(plot.left() + at * each, plot.bottom() - tall, each - gap, tall)
            painter.fillRect(bar, style.color("warning" if past else "accent_mid"))

    def _paint_labels(self, painter: QPainter, plot: QRectF) -> None:
        painter.setFont(font("axis"))
        painter.setPen(style.color("hint"))
        step = label_step(self._axis_end - self._low, max(2, int(plot.width() / px(72))))
        value = self._low
        while value < self._axis_end:
            text = number_text(value)
            room = metrics("axis").horizontalAdvance(text) + 4
            left = min(max(plot.left(), self._x(value) - room / 2), plot.right() - room)
            rect = QRectF(left, plot.bottom() + 6, room, px(16))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
            value += step

    def _paint_limit(self, painter: QPainter, plot: QRectF) -> None:
        x = self._x(self.value())
        if not self._is_far():
            painter.fillRect(QRectF(x - 0.75, plot.top() - 4, 1.5, plot.height() + 4), style.color("text"))
        handle = self._handle()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(style.color("text"))
        painter.setPen(QPen(style.color("accent"), 2) if has_rim(self) else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(handle.adjusted(1, 1, -1, -1) if has_rim(self) else handle, 6, 6)
        icons.paint(painter, QRectF(handle.left() + 7, handle.center().y() - 7, 14, 14), "grip", "background")
        painter.setFont(font("label_medium"))
        painter.setPen(style.color("background"))
        painter.drawText(handle.adjusted(23, 0, -8, 0), Qt.AlignmentFlag.AlignCenter, self.limit_text())

    def limit_text(self) -> str:
        """Return the text of the handle: "512 tokens", with an arrow if that is beyond the axis."""
        text = f"{number_text(self.value())} {self._unit}"
        return f"{text} →" if self._is_far() else text

    def _handle(self) -> QRectF:
        wide = metrics("label_medium").horizontalAdvance(self.limit_text()) + 34
        left = min(max(0.0, self._x(self.value()) - wide / 2), self.width() - wide)
        return QRectF(left, 0, wide, px(24))

    def _near(self, at: QPointF) -> bool:
        if not self._has_limit:
            return False
        return self._handle().contains(at) or abs(at.x() - self._x(self.value())) <= 14

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._near(event.position()):
            self._before_drag = self.value()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._before_drag is None:
            near = self._near(event.position())
            self.setCursor(Qt.CursorShape.SizeHorCursor if near else Qt.CursorShape.ArrowCursor)
            return
        plot = self._plot()
        share = (event.position().x() - plot.left()) / max(1.0, plot.width())
        self.setValue(round(self._low + share * (self._axis_end - self._low)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        before, self._before_drag = self._before_drag, None
        if before not in (None, self.value()):
            self.limitSettled.emit(self.value())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the page scroll."""
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the limit as any slider; Esc cancels a drag."""
        before, started = self.value(), self._before_drag
        if event.key() == Qt.Key.Key_Escape and started is not None:
            self._before_drag = None
            self.setValue(started)
            return
        super().keyPressEvent(event)
        if self.value() != before:
            self.limitSettled.emit(self.value())

    def _describe(self) -> None:
        parts = [tr("{count} in total", count=number_text(sum(self._counts)))]
        if self._has_limit:
            parts.append(tr("limit {limit}", limit=f"{number_text(self.value())} {self._unit}"))
            parts.append(tr("about {count} above it", count=number_text(self.beyond())))
        self.setAccessibleName(self._name)
        self.setAccessibleDescription(", ".join(parts))


def label_step(span: float, about: int) -> float:
    """Return a round whole step that gives about so many labels."""
    for power in range(7):
        for by in (1, 2, 3, 5):
            if span / (by * 10**power) <= about:
                return float(by * 10**power)
    return span
