"""A histogram of lengths with a movable limit.

Knows bins and a limit, not what is counted. Beyond the limit, bars and background have the warning colour.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.look import icons, style
from gui.look.focus_rim import has_rim
from gui.look.fonts import font, metrics, px
from gui.look.format import number_text
from gui.look.language import tr

# The axis reaches to a limit beyond the bins, but not further than so many times as far as they do.
FARTHEST = 4.0
# What lies right of a limit beyond the bins.
AIR = 1.04


class Histogram(QWidget):
    """Bars from `low` in bins of `width`; the limit moves by 1 with the arrows, by 16 with Page Up and Page Down.

    A limit beyond the bins stands at its place on the axis; one that is farther away stands at the edge with an arrow.
    `limitChanged(int)` is emitted during a drag, `limitSettled(int)` at its end and after each key. Esc cancels a drag.
    """

    accessible_role = QAccessible.Role.Slider
    limitChanged = Signal(int)
    limitSettled = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name, self._unit = name, tr("tokens")
        self._counts: list[int] = []
        self._low, self._bin = 0.0, 1.0
        self._axis_end = 1.0
        self._limit: int | None = None
        self._before_drag: int | None = None
        self.setMinimumSize(px(180), px(140))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        style.on_style_changed(self.update)
        self._describe()

    def set_counts(self, counts: Sequence[int], width: float, low: float = 0.0) -> None:
        self._counts, self._bin, self._low = list(counts), max(1e-9, width), low
        self._axis_end = self._bins_end()
        self._reach_limit()
        self._describe()
        self.update()

    def set_limit(self, limit: int | None) -> None:
        """Set the limit without a signal; None shows no limit."""
        self._limit = limit
        self._reach_limit()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus if limit is None else Qt.FocusPolicy.StrongFocus)
        self._describe()
        self.update()

    def limit(self) -> int | None:
        return self._limit

    def beyond(self) -> int:
        """Return the count in bins that begin at or beyond the limit."""
        if self._limit is None:
            return 0
        return sum(
            count for at, count in enumerate(self._counts) if self._low + at * self._bin >= self._limit
        )

    def sizeHint(self) -> QSize:
        return QSize(px(360), px(280))

    def plot_area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(1, px(26), -1, -px(26))

    def high(self) -> float:
        return self._axis_end

    def _bins_end(self) -> float:
        return self._low + self._bin * max(1, len(self._counts))

    def _reach_limit(self) -> None:
        """Let the axis reach to the limit. It gets no shorter under a pointer that drags the handle to a lower one."""
        bins = self._bins_end() - self._low
        if self._limit is not None and self.high() < self._limit <= self._low + FARTHEST * bins:
            self._axis_end = self._low + AIR * (self._limit - self._low)

    def _is_far(self) -> bool:
        return self._limit is not None and self._limit > self.high()

    def x_of(self, value: float) -> float:
        plot = self.plot_area()
        share = (value - self._low) / (self.high() - self._low)
        return plot.left() + min(1.0, max(0.0, share)) * plot.width()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        plot = self.plot_area()
        if self._limit is not None and not self._is_far():
            cut = QRectF(QPointF(self.x_of(self._limit), plot.top()), plot.bottomRight())
            painter.fillRect(cut, style.color("warning_soft"))
        self._paint_bars(painter, plot)
        painter.setPen(QPen(style.color("outline"), 1))
        painter.drawLine(
            QPointF(plot.left(), plot.bottom() + 0.5), QPointF(plot.right(), plot.bottom() + 0.5)
        )
        self._paint_labels(painter, plot)
        if self._limit is not None:
            self._paint_limit(painter, plot)
        painter.end()

    def _paint_bars(self, painter: QPainter, plot: QRectF) -> None:
        highest = max(self._counts, default=0)
        if not highest:
            return
        each = plot.width() * self._bin / (self.high() - self._low)
        gap = 1.0 if each >= 3 else 0.0
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for at, count in enumerate(self._counts):
            if not count:
                continue
            tall = max(1.5, (plot.height() - 6) * count / highest)
            start = self._low + at * self._bin
            past = self._limit is not None and start + self._bin / 2 > self._limit
            bar = QRectF(plot.left() + at * each, plot.bottom() - tall, each - gap, tall)
            painter.fillRect(bar, style.color("warning" if past else "accent_mid"))

    def _paint_labels(self, painter: QPainter, plot: QRectF) -> None:
        painter.setFont(font("axis"))
        painter.setPen(style.color("hint"))
        step = label_step(self.high() - self._low, max(2, int(plot.width() / px(72))))
        value = self._low
        while value < self.high():
            text = number_text(value)
            room = metrics("axis").horizontalAdvance(text) + 4
            left = min(max(plot.left(), self.x_of(value) - room / 2), plot.right() - room)
            rect = QRectF(left, plot.bottom() + 6, room, px(16))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
            value += step

    def _paint_limit(self, painter: QPainter, plot: QRectF) -> None:
        x = self.x_of(self._limit or 0)
        if not self._is_far():
            painter.fillRect(QRectF(x - 0.75, plot.top() - 4, 1.5, plot.height() + 4), style.color("text"))
        handle = self.handle()
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
        text = f"{number_text(self._limit)} {self._unit}"
        return f"{text} →" if self._is_far() else text

    def handle(self) -> QRectF:
        wide = metrics("label_medium").horizontalAdvance(self.limit_text()) + 34
        left = min(max(0.0, self.x_of(self._limit or 0) - wide / 2), self.width() - wide)
        return QRectF(left, 0, wide, px(24))

    def _near(self, at: QPointF) -> bool:
        if self._limit is None:
            return False
        return self.handle().contains(at) or abs(at.x() - self.x_of(self._limit)) <= 14

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._near(event.position()):
            self._before_drag = self._limit

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._before_drag is None:
            near = self._near(event.position())
            self.setCursor(Qt.CursorShape.SizeHorCursor if near else Qt.CursorShape.ArrowCursor)
            return
        plot = self.plot_area()
        share = (event.position().x() - plot.left()) / max(1.0, plot.width())
        self._move_to(round(self._low + share * (self.high() - self._low)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        moved = self._before_drag is not None and self._before_drag != self._limit
        self._before_drag = None
        if moved:
            self.limitSettled.emit(self._limit)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by 1 with the arrows and by 16 with Page Up and Page Down; Esc cancels a drag."""
        moves = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Down: -1,
            Qt.Key.Key_Up: 1,
            Qt.Key.Key_PageDown: -16,
            Qt.Key.Key_PageUp: 16,
        }
        if event.key() == Qt.Key.Key_Escape and self._before_drag is not None:
            before, self._before_drag = self._before_drag, None
            self._move_to(before)
        elif event.key() in moves and self._limit is not None:
            self._move_to(self._limit + moves[Qt.Key(event.key())])
            self.limitSettled.emit(self._limit)
        else:
            super().keyPressEvent(event)

    def _move_to(self, limit: int) -> None:
        # A limit beyond the last bin stays until it is moved below it.
        maximum = max(int(self.high()), self._limit or 0)
        limit = min(maximum, max(int(self._low) + 1, limit))
        if limit == self._limit:
            return
        self.set_limit(limit)
        self.limitChanged.emit(limit)

    def _describe(self) -> None:
        parts = [tr("{count} in total", count=number_text(sum(self._counts)))]
        if self._limit is not None:
            parts.append(tr("limit {limit}", limit=f"{number_text(self._limit)} {self._unit}"))
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
