"""A pyqtgraph axis without line and ticks, with labels at chosen values, and scores on such an axis at the right.

Import it only when a plot is first shown: importing pyqtgraph takes half a second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QPen

from gui.look import style
from gui.look.fonts import font, px
from gui.look.format import number_text
from gui.plots.series import MARKED_COLUMNS, Series
from gui.plots.ticks import level_ticks

# The smallest range of the axis in points of ROUGE: smaller differences are noise and would look large.
MIN_POINTS = 5.0
LOWEST, HIGHEST = 0.0, 100.0
DOT = 7
# The fraction of the height below the lowest score.
ROOM_BELOW = 0.1


class LabelledAxis(pg.AxisItem):
    """Measures what its title says; `choose` sets the labelled values and their labels."""

    def __init__(self, orientation: str, title: str) -> None:
        super().__init__(orientation, maxTickLength=0)
        self.chosen: list[tuple[float, str]] = []
        self.setStyle(tickLength=0, tickAlpha=0, tickTextOffset=8, autoExpandTextSpace=False)
        self.setPen(pg.mkPen(None))
        self.setLabel(title)

    def restyle(self) -> None:
        """Set fonts and colours from the tokens."""
        self.setTickFont(font("axis"))
        self.setTextPen(pg.mkPen(style.color("hint")))
        self.label.setFont(font("axis"))
        self.setLabel(self.labelText, color=style.color("muted").name())

    def choose(self, labels: list[tuple[float, str]]) -> None:
        """Label these values."""
        self.chosen = labels
        self.picture = None
        self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Return the chosen values in view."""
        return [(1.0, [value for value, _ in self.chosen if minVal <= value <= maxVal])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return the chosen labels."""
        labels = dict(self.chosen)
        return [labels.get(value, "") for value in values]


@dataclass(frozen=True)
class Scale:
    """Converts points of ROUGE to the loss's coordinate and back."""

    points: tuple[float, float]
    y: tuple[float, float]

    def at(self, points: float) -> float:
        """Return the coordinate of a score."""
        (low, high), (bottom, top) = self.points, self.y
        return bottom + (points - low) / (high - low) * (top - bottom)

    def points_at(self, y: float) -> float:
        """Return the score at a coordinate."""
        (low, high), (bottom, top) = self.points, self.y
        return low + (y - bottom) / (top - bottom) * (high - low)


def scale_of(points: list[float], shown_y: tuple[float, float], room_above: float) -> Scale:
    """Return a scale that contains all points; `room_above` is the fraction of the height needed by names above."""
    low, high = min(points), max(points)
    lacking = max(0.0, MIN_POINTS - (high - low)) / 2
    low, high = max(LOWEST, low - lacking), min(HIGHEST, high + lacking)
    bottom, top = shown_y
    height = top - bottom
    return Scale((low, high), (bottom + ROOM_BELOW * height, top - min(0.5, room_above) * height))


class ScoreLine:
    """The line, its dots and the right axis; hidden while there is no score.

    Scores have another scale than losses: they are drawn into the loss's view, shifted and stretched to fill it, with
    their values on the right axis.
    """

    def __init__(self, item: pg.PlotItem, axis: LabelledAxis) -> None:
        self._item, self._axis = item, axis
        self._line = pg.PlotCurveItem(antialias=True)
        self._dots = pg.ScatterPlotItem(symbol="o", antialias=True, pxMode=True)
        for each in (self._line, self._dots):
            item.getViewBox().addItem(each, ignoreBounds=True)
        self._shown = False

    def restyle(self, ratio: float) -> None:
        """Set pens from the tokens."""
        pen = QPen(style.color("muted"), ratio, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        self._line.setPen(pen)
        self._dots.setBrush(pg.mkBrush(style.color("muted")))
        self._dots.setPen(pg.mkPen(None))
        self._dots.setSize(DOT)

    def draw(self, scores: Series, shown_y: tuple[float, float], height: float) -> float | None:
        """Draw into a view of this range and height in pixels; return the coordinate of the last score."""
        any_score = len(scores) > 0
        if any_score != self._shown:
            self._shown = any_score
            self._item.showAxis("right", any_score)
            self._axis.setWidth(px(54) if any_score else 0)
        for each in (self._line, self._dots):
            each.setVisible(any_score)
        if not any_score:
            return None
        steps, values = scores.peaks(-math.inf, math.inf, MARKED_COLUMNS)
        points = [100.0 * float(value) for value in values]
        scale = scale_of(points, shown_y, px(48) / max(1.0, height))
        positions = [scale.at(each) for each in points]
        self._line.setData(steps.copy(), positions)
        self._dots.setData(x=steps.copy(), y=positions)
        self._label(scale, shown_y, height)
        return positions[-1]

    def _label(self, scale: Scale, shown_y: tuple[float, float], height: float) -> None:
        edge = px(7) * (shown_y[1] - shown_y[0]) / max(1.0, height)
        low, high = (scale.points_at(y) for y in (shown_y[0] + edge, shown_y[1] - edge))
        ticks = level_ticks(max(LOWEST, low), min(HIGHEST, high))
        self._axis.choose([(scale.at(each), number_text(each)) for each in ticks])
