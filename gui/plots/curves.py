"""Losses of several runs in one chart, with smoothing, a logarithmic axis and zoom.

Knows names and values, no runs. Import it only when a chart is shown: it needs numpy.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPen, QPolygonF, QWheelEvent

from engine.api import Curve, escaping, write_csv
from gui.look import style
from gui.look.fonts import font, metrics, px
from gui.look.format import number_text
from gui.look.language import tr
from gui.plots.chart import Chart, Frame, Tick
from gui.plots.series import Floats, Series
from gui.plots.ticks import apart, level_ticks, log_ticks, nice_ticks

# Lines differ in colour and dash; the chosen one has the accent.
PENS = tuple(
    itertools.product(
        ("text", "muted", "grey"), (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
    )
)
MIN_LOSS = 1e-8
ZOOM = 0.8
MIN_STEPS = 4.0


@dataclass(frozen=True)
class Line:
    """One run's loss; `short` is the name at the line's end."""

    id: str
    name: str
    short: str
    series: Series


def line_of(line_id: str, name: str, short: str, loss: Curve) -> Line:
    """Return the line of a curve."""
    series = Series()
    series.extend(np.asarray(loss.steps, dtype=np.float64), np.asarray(loss.values, dtype=np.float64))
    return Line(line_id, escaping.in_one_line(name), escaping.in_one_line(short), series)


class Curves(Chart):
    """Draws lines. Ctrl and the wheel zoom, a drag moves the view, a double click shows all."""

    right_room = 92

    def __init__(self) -> None:
        super().__init__(tr("Loss"))
        self._lines: list[Line] = []
        self._chosen = ""
        self._lifted = ""
        self._smoothing = 0.6
        self._log = False
        self._view: tuple[float, float] | None = None
        self._dragged_from: QPointF | None = None
        self._names: list[tuple[QRectF, str]] = []

    def show_lines(self, lines: Sequence[Line], chosen: str) -> None:
        """Show lines; one may be chosen."""
        self._lines, self._chosen = list(lines), chosen
        self._describe()
        self.update()

    def set_smoothing(self, share: float) -> None:
        """Set the smoothing, 0 to 1."""
        self._smoothing = share
        self.update()

    def set_log(self, log: bool) -> None:
        """Use a logarithmic axis."""
        self._log = log
        self.update()

    def choose(self, line_id: str) -> None:
        """Draw a line in the accent."""
        self._chosen = line_id
        self.update()

    def lines(self) -> list[Line]:
        """Return the lines drawn."""
        return list(self._lines)

    def view(self) -> tuple[float, float]:
        """Return the first and the last step in view."""
        return self._view or self._whole()

    def show_all(self) -> None:
        """Show every step again."""
        self._view = None
        self.update()

    def _describe(self) -> None:
        parts = [
            tr(
                "{name}: {loss} at step {step}",
                name=line.name,
                loss=number_text(float(self._mean(line)[1][-1]), 3),
                step=number_text(int(line.series.steps[-1])),
            )
            for line in self._lines
            if len(line.series)
        ]
        self.setAccessibleDescription(". ".join(parts) if parts else tr("No entry is selected."))

    def _whole(self) -> tuple[float, float]:
        return 0.0, max(
            (float(line.series.steps[-1]) for line in self._lines if len(line.series)), default=1.0
        )

    def _window(self, line: Line) -> int:
        return max(1, round(0.1 * len(line.series) * self._smoothing**2))

    def _mean(self, line: Line, points: int = 400) -> tuple[Floats, Floats]:
        return line.series.smoothed(*self.view(), points, self._window(line))

    def _scaled(self, values: Floats) -> Floats:
        made: Floats = np.log10(np.maximum(values, MIN_LOSS)) if self._log else values
        return made

    # The axes.
    def ranges(self, rect: QRectF) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the view, and the 1st to 99th percentile of what is drawn in it."""
        parts = [self._scaled(self._mean(line)[1]) for line in self._lines if len(line.series)]
        values = np.concatenate(parts) if parts else np.empty(0)
        if not values.size:
            return self.view(), (0.0, 4.0)
        low, high = (float(edge) for edge in np.percentile(values, (1, 99)))
        # The names are at the line ends, so all ends must be in view.
        ends = [float(part[-1]) for part in parts if part.size]
        low, high = min(low, *ends), max(high, *ends)
        air = 0.05 * (high - low) or 0.1
        return self.view(), (low - air, high + air)

    def ticks(self, frame: Frame) -> tuple[Sequence[Tick], Sequence[Tick]]:
        about = max(2, min(6, int(frame.rect.width() / px(80))))
        across = [(x, number_text(x)) for x in nice_ticks(*frame.x, about, whole=True) if x > 0]
        if not self._log:
            return across, [
                (y, number_text(y, 2 if frame.y[1] - frame.y[0] < 1 else 1)) for y in level_ticks(*frame.y)
            ]
        return across, [(y, number_text(10**y, 2)) for y in log_ticks(*frame.y)]

    # Drawing.
    def draw(self, painter: QPainter, frame: Frame) -> None:
        points = max(32, int(frame.rect.width() / 2))
        ends: list[tuple[float, Line, QPen]] = []
        painter.save()
        painter.setClipRect(frame.rect.adjusted(0, -2, 2, 2))
        for line, pen in self._in_order():
            steps, values = self._mean(line, points)
            if not steps.size:
                continue
            scaled = self._scaled(values)
            polygon = QPolygonF([frame.point(float(x), float(y)) for x, y in zip(steps, scaled, strict=True)])
            painter.setPen(pen)
            painter.drawPolyline(polygon)
            ends.append((frame.at_y(float(scaled[-1])), line, pen))
        painter.restore()
        self._draw_names(painter, frame, ends)

    def _in_order(self) -> Iterator[tuple[Line, QPen]]:
        """Yield lines with their pens, the chosen one last and on top."""
        others = itertools.cycle(PENS)
        drawn = []
        for line in self._lines:
            token, dash = next(others)
            pen = QPen(style.color(token), 2 if line.id == self._lifted else 1, dash)
            drawn.append((line, QPen(style.color("accent"), 2) if line.id == self._chosen else pen))
        yield from sorted(drawn, key=lambda each: each[0].id == self._chosen)

    def _draw_names(self, painter: QPainter, frame: Frame, ends: list[tuple[float, Line, QPen]]) -> None:
        """Draw the names at the right, not overlapping, as near to the line ends as possible."""
        painter.setFont(font("small_medium"))
        high = metrics("small_medium").height()
        ends = sorted(ends, key=lambda end: end[0])[: max(1, int(frame.rect.height() / high))]
        tops = apart([y - high / 2 for y, _, _ in ends], high, frame.rect.top(), frame.rect.bottom())
        self._names = []
        for top, (_, line, pen) in zip(tops, ends, strict=True):
            rect = QRectF(frame.rect.right() + px(8), top, px(self.right_room) - px(8), high)
            painter.setPen(pen.color())
            text = painter.fontMetrics().elidedText(
                line.short, Qt.TextElideMode.ElideRight, int(rect.width())
            )
            painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
            self._names.append((rect, line.id))

    # Zoom.
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer with Ctrl; without Ctrl, the page scrolls."""
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
            return
        self.zoom(ZOOM if event.angleDelta().y() > 0 else 1 / ZOOM, self.frame().x_at(event.position().x()))

    def zoom(self, factor: float, around: float) -> None:
        """Scale the range of steps in view; `around` keeps its position."""
        low, high = self.view()
        first, last = self._whole()
        wide = max(MIN_STEPS, (high - low) * factor)
        if wide >= last - first:
            self.show_all()
            return
        share = (around - low) / ((high - low) or 1.0)
        start = min(max(first, around - share * wide), last - wide)
        self._view = (start, start + wide)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start to drag the view."""
        super().mousePressEvent(event)
        self._dragged_from = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Stop dragging."""
        super().mouseReleaseEvent(event)
        self._dragged_from = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the view; highlight the line whose name is under the pointer."""
        if self._dragged_from is not None and self._view is not None:
            frame = self.frame()
            by = frame.x_at(self._dragged_from.x()) - frame.x_at(event.position().x())
            (low, high), (first, last) = self._view, self._whole()
            by = min(max(by, first - low), last - high)
            self._view, self._dragged_from = (low + by, high + by), event.position()
            self.update()
            return
        lifted = next((line_id for rect, line_id in self._names if rect.contains(event.position())), "")
        if lifted != self._lifted:
            self._lifted = lifted
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show every step again."""
        self.show_all()

    def save_csv(self, path: Path) -> None:
        """Write every step of every line: its name, step, loss and smoothed loss. Raises StorageError."""
        write_csv(path, ["entry", "step", "loss", "smoothed"], self._table())

    def _table(self) -> Iterator[list[int | float | str]]:
        for line in self._lines:
            for at, (step, loss) in enumerate(zip(line.series.steps, line.series.values, strict=True)):
                mean = float(line.series.mean_at(at, self._window(line)))
                if math.isfinite(loss):
                    yield [line.name, int(step), float(loss), mean]
