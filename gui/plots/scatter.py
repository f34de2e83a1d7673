"""A scatter plot of two figures of each entry, with the Pareto front. Knows no arena."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QToolTip

from engine.api import arenas
from engine.api import metrics as figures
from gui.look import style
from gui.look.fonts import font, metrics, px
from gui.look.format import BILLIONS, MILLIONS, THOUSANDS, compact, number_text
from gui.look.language import tr
from gui.look.shown_texts import plain_tooltip
from gui.models.metric_text import ConfidenceInterval, as_text
from gui.plots.chart import Chart, Frame, Tick
from gui.plots.ticks import level_ticks, nice_ticks

REACH = 14
DOT, DOT_CHOSEN = 4.5, 6.5


@dataclass(frozen=True)
class Axis:
    """A figure on an axis: its name or unit in texts, the better direction, and how values are shown.

    `factor` is what a value is multiplied by where it is shown, 0 for counts and sizes, which are shortened. `log` is a
    logarithmic axis; zero is one decade left of the lowest value there.
    """

    name: str
    good: figures.Good
    factor: float = 0.0
    log: bool = False

    def text(self, value: float, digits: int = 1) -> str:
        return number_text(value * self.factor, digits) if self.factor else compact(value)


SCORE = Axis("ROUGE-1", "higher", 100.0)


@dataclass(frozen=True)
class Point:
    """One entry: its names, long and short, its place across, and its place up with the interval."""

    id: str
    name: str
    short: str
    across: float
    interval: ConfidenceInterval


class _Scale:
    """The positions of values on an axis."""

    def __init__(self, axis: Axis, values: Sequence[float]) -> None:
        self._axis = axis
        self._values = values
        self._least = min((math.log10(value) for value in values if value > 0), default=0.0)

    def position(self, value: float) -> float:
        """Return where a value is."""
        if not self._axis.log:
            return value
        return math.log10(value) if value > 0 else self._least - 1.0

    def ends(self) -> tuple[float, float]:
        """Return both ends of the axis, with a margin."""
        found = [self.position(value) for value in self._values] or [0.0, 1.0]
        fallback = 0.5 if self._axis.log or not self._axis.factor else 1.0 / self._axis.factor
        margin = 0.08 * (max(found) - min(found)) or fallback
        low = min(found) - margin
        # Counts, sizes and times have nothing below zero.
        is_cost = not self._axis.log and not self._axis.factor
        return max(0.0, low) if is_cost else low, max(found) + margin

    def ticks(self, ends: tuple[float, float], about: int) -> Sequence[Tick]:
        """Return the labelled positions between two ends."""
        axis = self._axis
        if axis.log:
            return self._powers(ends)
        factor = axis.factor or 1.0
        low, high = (factor * end for end in ends)
        shown = nice_ticks(low, high, about) if about else level_ticks(low, high)
        digits = 0 if high - low >= 3 else 1 if high - low >= 0.3 else 2
        return [(value / factor, axis.text(value / factor, digits)) for value in shown]

    def _powers(self, ends: tuple[float, float]) -> Sequence[Tick]:
        nothing = any(value <= 0 for value in self._values)
        first = self._least - 0.3 if nothing else ends[0]
        powers = [(float(power), _power(power)) for power in range(math.ceil(first), math.floor(ends[1]) + 1)]
        return [*([(self._least - 1.0, "0")] if nothing else []), *powers]


class Scatter(Chart):
    """`picked(id)` reports the point that the user clicked, or reached with Left and Right."""

    picked = Signal(str)

    def __init__(self) -> None:
        super().__init__(tr("Quality against cost"))
        self._points: list[Point] = []
        self._front: list[int] = []
        self._chosen = ""
        self._base: float | None = None
        self._across, self._up = Axis("", "lower"), SCORE
        self._set_scales()

    def show_points(
        self, points: Sequence[Point], base: float | None, *, across: Axis, up: Axis = SCORE, chosen: str
    ) -> None:
        """Show points on two axes, and the base's value on the one that goes up."""
        self._points = sorted(points, key=lambda point: (point.across, point.interval.mean))
        self._base, self._across, self._up, self._chosen = base, across, up, chosen
        self._front = self._find_front()
        self._set_scales()
        self.setAccessibleDescription(self._summary_text())
        self.update()

    def _find_front(self) -> list[int]:
        """Return the points that no other beats on both axes; none where an axis has no better direction."""
        signs = {"lower": 1.0, "higher": -1.0}
        if self._across.good not in signs or self._up.good not in signs:
            return []
        across, up = signs[self._across.good], -signs[self._up.good]
        return arenas.front([(across * point.across, up * point.interval.mean) for point in self._points])

    def _set_scales(self) -> None:
        base = [self._base] if self._base is not None else []
        self._x = _Scale(self._across, [point.across for point in self._points])
        self._y = _Scale(self._up, [*(point.interval.mean for point in self._points), *base])

    def choose(self, point_id: str) -> None:
        """Highlight a point."""
        if point_id != self._chosen:
            self._chosen = point_id
            self.update()

    def points(self) -> list[Point]:
        """Return the points from left to right."""
        return list(self._points)

    def front(self) -> list[str]:
        """Return the ids of the Pareto-optimal points, the best one across first."""
        return [self._points[index].id for index in self._front]

    def _summary_text(self) -> str:
        texts = [f"{point.name}: {self._point_text(point)}" for point in self._points]
        best = ", ".join(self._points[index].name for index in self._front)
        if not texts:
            return tr("No entry is scored yet.")
        return ". ".join([*texts, *([tr("No entry beats {names}", names=best)] if best else [])])

    def _point_text(self, point: Point) -> str:
        across = f"{self._across.text(point.across, 2)} {self._across.name}"
        if self._up == SCORE:
            return f"{as_text(SCORE.name, point.interval)}, {across}"
        return f"{self._up.text(point.interval.mean, 2)} {self._up.name}, {across}"

    # The axes.
    def ranges(self, rect: QRectF) -> tuple[tuple[float, float], tuple[float, float]]:
        return self._x.ends(), self._y.ends()

    def ticks(self, frame: Frame) -> tuple[Sequence[Tick], Sequence[Tick]]:
        return self._x.ticks(frame.x, max(2, int(frame.rect.width() / px(90)))), self._y.ticks(frame.y, 0)

    # Drawing.
    def draw(self, painter: QPainter, frame: Frame) -> None:
        if self._base is not None:
            y = round(frame.at_y(self._y.position(self._base))) + 0.5
            painter.setPen(QPen(style.color("grey"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(frame.rect.left(), y), QPointF(frame.rect.right(), y))
        self._draw_front(painter, frame)
        taken: list[QRectF] = [self._dot(frame, point) for point in self._points]
        for index, point in enumerate(self._points):
            self._draw_point(painter, frame, point, on_front=index in self._front)
        # The chosen point and the front are named first.
        order = sorted(
            range(len(self._points)),
            key=lambda at: (self._points[at].id != self._chosen, at not in self._front),
        )
        for index in order:
            self._draw_name(painter, frame, self._points[index], taken)

    def _position(self, frame: Frame, point: Point) -> QPointF:
        return frame.point(self._x.position(point.across), self._y.position(point.interval.mean))

    def _dot(self, frame: Frame, point: Point) -> QRectF:
        at, half = self._position(frame, point), DOT_CHOSEN
        return QRectF(at.x() - half, at.y() - half, 2 * half, 2 * half)

    def _draw_front(self, painter: QPainter, frame: Frame) -> None:
        corners: list[QPointF] = []
        for index in self._front:
            at = self._position(frame, self._points[index])
            corners += [QPointF(at.x(), corners[-1].y())] if corners else []
            corners.append(at)
        painter.setPen(QPen(style.color("accent_mid"), 1))
        painter.drawPolyline(QPolygonF(corners))

    def _draw_point(self, painter: QPainter, frame: Frame, point: Point, *, on_front: bool) -> None:
        at, chosen = self._position(frame, point), point.id == self._chosen
        if chosen and point.interval.low is not None and point.interval.high is not None:
            painter.setPen(QPen(style.color("accent"), 1.5))
            ends = [frame.at_y(self._y.position(end)) for end in (point.interval.low, point.interval.high)]
            painter.save()
            # The range is that of the means: wider intervals are clipped.
            painter.setClipRect(frame.rect)
            painter.drawLine(QPointF(at.x(), ends[0]), QPointF(at.x(), ends[1]))
            for y in ends:
                painter.drawLine(QPointF(at.x() - 3.75, y), QPointF(at.x() + 3.75, y))
            painter.restore()
        filled = on_front or chosen
        painter.setPen(QPen(style.color("accent" if filled else "muted"), 1.5))
        painter.setBrush(style.color("accent" if filled else "background"))
        size = DOT_CHOSEN if chosen else DOT
        painter.drawEllipse(at, size, size)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_name(self, painter: QPainter, frame: Frame, point: Point, taken: list[QRectF]) -> None:
        """Draw a name where it overlaps nothing: right, left, below or above; else not at all."""
        chosen = point.id == self._chosen
        measured = metrics("small_medium")
        wide, high = measured.horizontalAdvance(point.short) + 2, measured.height()
        at = self._position(frame, point)
        candidates = [
            QRectF(at.x() + px(11), at.y() - high / 2, wide, high),
            QRectF(at.x() - px(11) - wide, at.y() - high / 2, wide, high),
            QRectF(at.x() + px(4), at.y() + px(8), wide, high),
            QRectF(at.x() + px(4), at.y() - px(8) - high, wide, high),
            QRectF(at.x() - px(4) - wide, at.y() + px(8), wide, high),
            QRectF(at.x() - px(4) - wide, at.y() - px(8) - high, wide, high),
        ]
        room = frame.rect.adjusted(-px(8), -px(8), px(8), px(4))
        for rect in candidates:
            if room.contains(rect) and not any(rect.intersects(other) for other in taken):
                taken.append(rect)
                painter.fillRect(rect, style.color("background", 0.8))
                painter.setFont(font("small_medium"))
                painter.setPen(style.color("accent" if chosen else "muted"))
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, point.short)
                return

    # Picking.
    def point_at(self, position: QPointF) -> Point | None:
        """Return the point at a position, None if none is near."""
        frame = self.frame()

        def distance(point: Point) -> float:
            at = self._position(frame, point) - position
            return math.hypot(at.x(), at.y())

        near = min(self._points, key=distance, default=None)
        return near if near is not None and distance(near) <= REACH else None

    def position_of(self, point_id: str) -> QPointF:
        return self._position(self.frame(), next(point for point in self._points if point.id == point_id))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pick the point under the pointer."""
        super().mousePressEvent(event)
        found = self.point_at(event.position())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self._pick(found)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show a pointing hand over points."""
        over = self.point_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move to the next point with Left and Right."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        step = steps.get(Qt.Key(event.key()))
        if step is None or not self._points:
            super().keyPressEvent(event)
            return
        ids = [point.id for point in self._points]
        at = ids.index(self._chosen) + step if self._chosen in ids else 0
        self._pick(self._points[min(len(ids) - 1, max(0, at))])

    def _pick(self, point: Point) -> None:
        self.choose(point.id)
        self.picked.emit(point.id)

    def event(self, event: QEvent) -> bool:
        """Show the tooltip of a point."""
        if event.type() == QEvent.Type.ToolTip:
            found = self.point_at(QPointF(self.mapFromGlobal(self.cursor().pos())))
            QToolTip.showText(
                self.cursor().pos(),
                plain_tooltip(f"{found.name}: {self._point_text(found)}") if found else "",
                self,
            )
            return True
        return super().event(event)


def _power(power: int) -> str:
    """Return a power of ten as text: "100", "10 k", "1 M"."""
    for text, minimum, size in ((BILLIONS, 9, 9), (MILLIONS, 6, 6), (THOUSANDS, 4, 3)):
        if power >= minimum:
            return tr(text, value=10 ** (power - size))
    return number_text(10**power)
