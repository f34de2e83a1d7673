"""A scatter plot of two figures of each entry, with the Pareto front. Knows no arena."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip

from engine.api import arenas
from engine.api import metrics as figures
from gui.core.background_tasks import once
from gui.look import style
from gui.look.fonts import metrics, px
from gui.look.format import BILLIONS, MILLIONS, THOUSANDS, compact, number_text
from gui.look.language import tr
from gui.look.shown_texts import plain_tooltip
from gui.models.metric_text import ConfidenceInterval, as_text
from gui.plots.chart import Chart, level_ticks, nice_ticks, pen, text_item

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

    def ticks(self, ends: tuple[float, float], about: int) -> list[tuple[float, str]]:
        axis = self._axis
        if axis.log:
            return self._powers(ends)
        factor = axis.factor or 1.0
        low, high = (factor * end for end in ends)
        shown = nice_ticks(low, high, about) if about else level_ticks(low, high)
        digits = 0 if high - low >= 3 else 1 if high - low >= 0.3 else 2
        return [(value / factor, axis.text(value / factor, digits)) for value in shown]

    def _powers(self, ends: tuple[float, float]) -> list[tuple[float, str]]:
        nothing = any(value <= 0 for value in self._values)
        first = self._least - 0.3 if nothing else ends[0]
        powers = [(float(power), _power(power)) for power in range(math.ceil(first), math.floor(ends[1]) + 1)]
        return [*([(self._least - 1.0, "0")] if nothing else []), *powers]


class Scatter(Chart):
    """`picked(id)` reports the point that the user clicked, or reached with Left and Right."""

    picked = Signal(str)

    def __init__(self) -> None:
        super().__init__(tr("Quality against cost"), {"left": "", "bottom": ""})
        self._points: list[Point] = []
        self._front: list[int] = []
        self._chosen = ""
        self._base: float | None = None
        self._across, self._up = Axis("", "lower"), SCORE
        self._set_scales()
        self._base_line = pg.InfiniteLine(angle=0, movable=False)
        self._front_line, self._interval = pg.PlotCurveItem(), pg.ErrorBarItem()
        self._dots = pg.ScatterPlotItem(symbol="o", antialias=True)
        for item in (self._base_line, self._front_line, self._interval, self._dots):
            self.box.addItem(item, ignoreBounds=True)
        self._names: list[pg.TextItem] = []
        self.box.setMouseEnabled(x=False, y=False)
        self.setMouseTracking(True)
        self.viewed.connect(once(self, 0, self._draw).start)
        style.on_style_changed(self.restyle)

    def restyle(self) -> None:
        super().restyle()
        self.getPlotItem().layout.setContentsMargins(0, px(8), px(12), 0)
        self._base_line.setPen(pen("grey", 1, Qt.PenStyle.DashLine))
        self._front_line.setPen(pen("accent_mid", self.devicePixelRatioF()))
        self._interval.setData(pen=pen("accent", 1.5 * self.devicePixelRatioF()))
        self._draw()

    def show_points(
        self, points: Sequence[Point], base: float | None, *, across: Axis, up: Axis = SCORE, chosen: str
    ) -> None:
        """Show points on two axes, and the base's value on the one that goes up."""
        self._points = sorted(points, key=lambda point: (point.across, point.interval.mean))
        self._base, self._across, self._up, self._chosen = base, across, up, chosen
        self._front = self._find_front()
        self._set_scales()
        self.setAccessibleDescription(self._summary_text())
        self._draw()

    def _find_front(self) -> list[int]:
        """Return the points that no other beats on both axes; none where an axis has no better direction."""
        signs = {"lower": 1.0, "higher": -1.0}
        if self._across.good not in signs or self._up.good not in signs:
            return []
        across, up = signs[self._across.good], -signs[self._up.good]
        return arenas.front([(across * point.across, up * point.interval.mean) for point in self._points])

    def _set_scales(self) -> None:
        base = [self._base] if self._base is not None else []
        ends = [end for point in self._points for end in point.interval.ends]
        self._x = _Scale(self._across, [point.across for point in self._points])
        self._y = _Scale(self._up, [*ends, *base])

    def choose(self, point_id: str) -> None:
        if point_id != self._chosen:
            self._chosen = point_id
            self._draw()

    def points(self) -> list[Point]:
        return list(self._points)

    def front(self) -> list[str]:
        """Return the ids of the Pareto-optimal points, the best one across first."""
        return [self._points[index].id for index in self._front]

    def _summary_text(self) -> str:
        texts = [f"{point.name}: {self._point_text(point)}" for point in self._points]
        best = ", ".join(self._points[index].name for index in self._front)
        if not texts:
            return tr("No entry is scored yet")
        return ". ".join([*texts, *([tr("No entry beats {names}", names=best)] if best else [])])

    def _point_text(self, point: Point) -> str:
        across = f"{self._across.text(point.across, 2)} {self._across.name}"
        if self._up == SCORE:
            return f"{as_text(SCORE.name, point.interval)}, {across}"
        return f"{self._up.text(point.interval.mean, 2)} {self._up.name}, {across}"

    # Drawing.
    def _draw(self) -> None:
        ends_x, ends_y = self._x.ends(), self._y.ends()
        self.box.setRange(xRange=ends_x, yRange=ends_y, padding=0)
        self.axes["bottom"].setTicks([self._x.ticks(ends_x, max(2, int(self.box.width() / px(90))))])
        self.axes["left"].setTicks([self._y.ticks(ends_y, 0)])
        self._base_line.setVisible(self._base is not None)
        if self._base is not None:
            self._base_line.setValue(self._y.position(self._base))
        corners: list[QPointF] = []
        for index in self._front:
            at = self._position(self._points[index])
            corners += [QPointF(at.x(), corners[-1].y())] if corners else []
            corners.append(at)
        self._front_line.setData([corner.x() for corner in corners], [corner.y() for corner in corners])
        self._draw_points()
        self._place_names()

    def _position(self, point: Point) -> QPointF:
        return QPointF(self._x.position(point.across), self._y.position(point.interval.mean))

    def _draw_points(self) -> None:
        ratio, dots = self.devicePixelRatioF(), []
        self._interval.setData(x=None)
        for index, point in enumerate(self._points):
            chosen, at = point.id == self._chosen, self._position(point)
            filled = chosen or index in self._front
            dots.append(
                {
                    "pos": at,
                    "size": 2 * (DOT_CHOSEN if chosen else DOT),
                    "pen": pen("accent" if filled else "muted", 1.5 * ratio),
                    "brush": style.color("accent" if filled else "background"),
                }
            )
            if chosen and point.interval.low is not None and point.interval.high is not None:
                low, high = (self._y.position(end) for end in (point.interval.low, point.interval.high))
                self._interval.setData(
                    x=np.array([at.x()]),
                    y=np.array([at.y()]),
                    top=high - at.y(),
                    bottom=at.y() - low,
                    beam=7.5 * self.box.viewPixelSize()[0],
                )
        self._dots.setData(dots)

    def _place_names(self) -> None:
        """Place the names where they overlap nothing, those of the chosen point and the front first."""
        for name in self._names:
            self.box.removeItem(name)
        self._names.clear()
        rect = self.box.sceneBoundingRect()
        taken = [self._around(self.position_of(point.id), 2 * DOT_CHOSEN) for point in self._points]
        order = sorted(
            range(len(self._points)),
            key=lambda at: (self._points[at].id != self._chosen, at not in self._front),
        )
        for index in order:
            self._place_name(self._points[index], rect, taken)

    @staticmethod
    def _around(at: QPointF, side: float) -> QRectF:
        return QRectF(at.x() - side / 2, at.y() - side / 2, side, side)

    def _place_name(self, point: Point, rect: QRectF, taken: list[QRectF]) -> None:
        """Place a name right, left, below or above; else not at all."""
        measured = metrics("small_medium")
        wide, high = measured.horizontalAdvance(point.short) + 2, measured.height()
        at = self.position_of(point.id)
        beside, below, above = -high / 2, px(8), -px(8) - high
        right, left = px(4), -px(4) - wide
        candidates = (
            QRectF(at.x() + across, at.y() + down, wide, high)
            for across, down in (
                (px(11), beside),
                (-px(11) - wide, beside),
                (right, below),
                (right, above),
                (left, below),
                (left, above),
            )
        )
        for place in candidates:
            if rect.contains(place) and not any(place.intersects(other) for other in taken):
                taken.append(place)
                name = text_item("accent" if point.id == self._chosen else "muted", "small_medium")
                name.setText(point.short)
                name.fill = pg.mkBrush(style.color("background", 0.8))
                self.box.addItem(name, ignoreBounds=True)
                name.setPos(self.box.mapSceneToView(place.topLeft()))
                self._names.append(name)
                return

    # Picking.
    def point_at(self, position: QPointF) -> Point | None:
        def distance(point: Point) -> float:
            at = self.position_of(point.id) - position
            return math.hypot(at.x(), at.y())

        near = min(self._points, key=distance, default=None)
        return near if near is not None and distance(near) <= REACH else None

    def position_of(self, point_id: str) -> QPointF:
        """Return where a point is drawn, in the scene's pixels, which are the widget's."""
        point = next(point for point in self._points if point.id == point_id)
        return QPointF(self.box.mapViewToScene(self._position(point)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        found = self.point_at(event.position())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self._pick(found)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self.point_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
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
