"""The pyqtgraph part of a loss plot: axes, hairlines, curves, scores with an axis of their own, and names at line ends.

Draws the visible part of the given series and chooses the y range. Knows no run.
Import it only when a plot is first shown: importing pyqtgraph takes half a second.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFont, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from gui.look import style
from gui.look.fonts import font, metrics, px
from gui.look.format import number_text, score
from gui.look.language import tr
from gui.plots.series import MARKED_COLUMNS, Drawing, Floats, Series
from gui.plots.ticks import apart, level_ticks, log_ticks, nice_ticks

# Between a line and the name at its end, and the height of a name.
GAP, NAME_HEIGHT = 8, 16
# At the top, for the label of the saved step.
SAVED_HEIGHT = 24
# The names take at most this part of the width; a narrower plot has none.
MOST_FOR_NAMES = 0.4


class Canvas(pg.PlotWidget):
    """Draws a `Drawing`. `viewed` is emitted when the user has moved or zoomed the view."""

    viewed = Signal()
    menu_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._left, self._bottom = LabelledAxis("left", tr("Loss")), LabelledAxis("bottom", tr("Step"))
        self._right = LabelledAxis("right", "ROUGE-1")
        axes = {"left": self._left, "bottom": self._bottom, "right": self._right}
        super().__init__(parent, background=None, axisItems=axes)
        self._box = self.getPlotItem().getViewBox()
        self._auto = True
        self._hairlines: list[pg.InfiniteLine] = []
        self._prepare_box()
        self._add_items()
        style.on_style_changed(self.restyle)

    def _prepare_box(self) -> None:
        item = self.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        item.setContentsMargins(0, 0, 0, 0)
        item.layout.setContentsMargins(0, 0, 0, 0)
        self.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        self.setAntialiasing(False)
        self._box.setMouseEnabled(x=True, y=False)
        self._box.setDefaultPadding(0)
        self._box.disableAutoRange()
        item.hideAxis("right")
        self._box.sigRangeChangedManually.connect(self._moved)
        # An axis that comes takes width, and the names need it.
        self._box.sigResized.connect(self.viewed)

    def _add_items(self) -> None:
        self._former = pg.PlotCurveItem(antialias=True)
        self._raw = pg.PlotCurveItem(antialias=False)
        self._smooth = pg.PlotCurveItem(antialias=True)
        self._evaluations = pg.PlotCurveItem(antialias=True)
        self._diamonds = pg.ScatterPlotItem(symbol="d", antialias=True, pxMode=True)
        self._now = pg.InfiniteLine(angle=90, movable=False)
        self._saved_line = pg.InfiniteLine(angle=90, movable=False)
        self._train_name, self._evaluation_name, self._score_name = (
            pg.TextItem(anchor=(0, 0)) for _ in range(3)
        )
        self._saved_label = pg.TextItem(anchor=(0, 0))
        for z, item in enumerate(
            (
                self._former,
                self._now,
                self._raw,
                self._evaluations,
                self._smooth,
                self._diamonds,
                self._saved_line,
            )
        ):
            item.setZValue(z)
            self._box.addItem(item, ignoreBounds=True)
        self._scores = ScoreLine(self.getPlotItem(), self._right)
        for name in (*self._end_names(), self._saved_label):
            name.setZValue(20)
            self._box.addItem(name, ignoreBounds=True)

    def _end_names(self) -> tuple[pg.TextItem, ...]:
        return self._train_name, self._evaluation_name, self._score_name

    def restyle(self) -> None:
        """Set pens and fonts from the tokens."""
        ratio = self.devicePixelRatioF()
        dark = style.tokens().scheme == "dark"
        self._raw.setPen(pg.mkPen(style.mixed("accent", "background", 0.30 if dark else 0.26), width=1))
        self._former.setPen(_pen("grey", ratio))
        self._smooth.setPen(_pen("accent", 2 * ratio))
        self._evaluations.setPen(_pen("warning", ratio))
        self._diamonds.setBrush(pg.mkBrush(style.color("warning")))
        self._diamonds.setPen(pg.mkPen(None))
        self._diamonds.setSize(9)
        self._scores.restyle(ratio)
        self._now.setPen(_pen("edge", 1))
        self._saved_line.setPen(QPen(_pen("text", ratio, Qt.PenStyle.DashLine)))
        self._style_names()
        for axis in (self._left, self._bottom, self._right):
            axis.restyle()
        self._left.setWidth(px(58))
        self._bottom.setHeight(px(44))
        for line in self._hairlines:
            line.setPen(_pen("line", 1))
        # The view caches its background, which still has the old scheme.
        self.resetCachedContent()

    def _style_names(self) -> None:
        medium: QFont = font("label_medium")
        for name, token in (
            (self._train_name, "accent"),
            (self._evaluation_name, "warning"),
            (self._score_name, "muted"),
            (self._saved_label, "muted"),
        ):
            name.setFont(medium)
            name.setColor(style.color(token))
            name.textItem.document().setDocumentMargin(0)

    def sizeHint(self) -> QSize:
        """Request only the minimum height; the space that is left comes on top."""
        return QSize(px(480), self.minimumHeight())

    def show_all(self) -> None:
        """Show the whole run again."""
        self._auto = True

    def is_zoomed(self) -> bool:
        """Return whether the view shows a part of the run."""
        return not self._auto

    def draw(self, drawing: Drawing) -> None:
        """Draw the part in view."""
        texts = self._end_texts(drawing)
        room = px(GAP) + max(map(_width, texts.values()), default=0.0)
        share = room / max(1.0, self._box.width())
        if self._auto:
            end = drawing.last_step() * 1.006
            # The names stand beside the line ends, where no line is.
            beside = drawing.reached() / (1 - share) if share < MOST_FOR_NAMES else 0.0
            self._box.setXRange(0.0, max(end, beside), padding=0)
        low, high = self._box.viewRange()[0]
        columns = max(64, int(self._box.width()))
        shown_y = self._y_range(drawing, low, high, columns)
        self._box.setYRange(*shown_y, padding=0)
        self._draw_axes(drawing, low, high, shown_y)
        heights = self._draw_curves(drawing, low, high, columns)
        score = self._scores.draw(drawing.scores, shown_y, self._box.height())
        if score is not None:
            heights[self._score_name] = score
        fits = low < drawing.reached() <= high - 0.999 * share * (high - low)
        self._draw_ends(drawing, texts, heights if fits else {}, shown_y)

    def _y_range(self, drawing: Drawing, low: float, high: float, columns: int) -> tuple[float, float]:
        """The 1st to 99th percentile with all means and evaluations inside, or all values."""
        bounds = []
        spread = drawing.train.spread(low, high)
        if drawing.everything and spread is not None:
            values = drawing.train.peaks(low, high, columns)[1]
            spread = float(values.min()), float(values.max())
        means = drawing.train.smoothed(low, high, columns // 2, drawing.window())[1]
        former = drawing.former.smoothed(low, high, columns // 2, drawing.window())[1]
        evaluations = drawing.evaluation.values
        for part in (np.asarray(spread) if spread else np.empty(0), means, former, evaluations):
            bounds += [float(part.min()), float(part.max())] if part.size else []
        if not bounds:
            return (-0.7, 0.7) if drawing.log else (0.0, 4.2)
        lowest, highest = min(bounds), max(bounds)
        if drawing.log:
            lowest, highest = math.log10(max(lowest, 1e-8)), math.log10(max(highest, 1e-8))
        pad = 0.04 * (highest - lowest) or 0.05 * abs(highest) or 0.1
        lowest, highest = lowest - pad, highest + pad
        if drawing.saved_step is not None:
            above = min(0.5, px(SAVED_HEIGHT) / max(1.0, self._box.height()))
            highest += (highest - lowest) * above / (1 - above)
        return lowest, highest

    def _draw_axes(self, drawing: Drawing, low: float, high: float, shown_y: tuple[float, float]) -> None:
        room = px(20) * (high - low) / max(1.0, self._box.width())
        about = max(2, min(8, int(self._box.width() / px(80))))
        steps = nice_ticks(low, high, about, whole=True)
        self._bottom.choose(
            [(x, number_text(x)) for x in steps if 0 < x <= drawing.last_step() and x < high - room]
        )
        edge = px(7) * (shown_y[1] - shown_y[0]) / max(1.0, self._box.height())
        inside = (shown_y[0] + edge, shown_y[1] - edge)
        ticks = log_ticks(*inside) if drawing.log else level_ticks(*inside)
        digits = _digits([10**y for y in ticks] if drawing.log else ticks)
        self._left.choose([(y, number_text(10**y if drawing.log else y, digits)) for y in ticks])
        self._place_hairlines(ticks)

    def _place_hairlines(self, ticks: list[float]) -> None:
        while len(self._hairlines) < len(ticks):
            line = pg.InfiniteLine(angle=0, movable=False, pen=_pen("line", 1))
            line.setZValue(-10)
            self._box.addItem(line, ignoreBounds=True)
            self._hairlines.append(line)
        for at, line in enumerate(self._hairlines):
            line.setVisible(at < len(ticks))
            if at < len(ticks):
                line.setValue(ticks[at])

    def _draw_curves(
        self, drawing: Drawing, low: float, high: float, columns: int
    ) -> dict[pg.TextItem, float]:
        """Draw the losses, and return the heights at which they end."""
        former_x, former_y = drawing.former.smoothed(low, high, columns // 2, drawing.window())
        self._former.setData(former_x, _scaled(former_y, drawing.log))
        x, y = drawing.train.peaks(low, high, columns)
        self._raw.setData(x, _scaled(y, drawing.log))
        smooth_x, smooth_y = drawing.train.smoothed(low, high, columns // 2, drawing.window())
        smooth_y = _scaled(smooth_y, drawing.log)
        self._smooth.setData(smooth_x, smooth_y, antialias=drawing.window() > 3)
        steps, values = drawing.evaluation.peaks(low, high, MARKED_COLUMNS)
        steps, values = steps.copy(), _scaled(values, drawing.log)
        self._evaluations.setData(steps, values)
        self._diamonds.setData(x=steps, y=values)
        ends = ((self._train_name, smooth_y), (self._evaluation_name, values))
        return {name: float(shown[-1]) for name, shown in ends if shown.size}

    def _end_texts(self, drawing: Drawing) -> dict[pg.TextItem, str]:
        """Return the names at the line ends, of the lines that there are."""
        texts = {}
        if len(drawing.train):
            mean = float(drawing.train.mean_at(len(drawing.train) - 1, drawing.window()))
            texts[self._train_name] = tr("train {loss}", loss=number_text(mean, 3))
        if len(drawing.evaluation):
            value = float(drawing.evaluation.values[-1])
            texts[self._evaluation_name] = tr("validation {loss}", loss=number_text(value, 3))
        if len(drawing.scores):
            texts[self._score_name] = _score_text(drawing)
        return texts

    def _draw_ends(
        self,
        drawing: Drawing,
        texts: dict[pg.TextItem, str],
        heights: dict[pg.TextItem, float],
        shown_y: tuple[float, float],
    ) -> None:
        """Draw the names beside the line ends at these `heights`, the current step and the saved step."""
        reached = drawing.reached()
        self._now.setVisible(reached > 0 and not drawing.finished)
        self._now.setValue(reached)
        self._place_saved(drawing.saved_step, shown_y)
        for name in self._end_names():
            name.setVisible(name in heights)
        height = max(1.0, self._box.height())
        per_x, per_y = self._box.viewPixelSize()[0], (shown_y[1] - shown_y[0]) / height
        high, free = px(NAME_HEIGHT), px(SAVED_HEIGHT) if drawing.saved_step is not None else 0.0
        names = sorted(heights, key=lambda name: -heights[name])
        tops = apart(
            [(shown_y[1] - heights[name]) / per_y - high / 2 for name in names], high, free, height - high / 2
        )
        for top, name in zip(tops, names, strict=True):
            name.setText(texts[name])
            name.setPos(reached + px(GAP) * per_x, shown_y[1] - top * per_y)

    def _place_saved(self, saved_step: int | None, shown_y: tuple[float, float]) -> None:
        """Draw the saved step, its label above all lines."""
        self._saved_line.setVisible(saved_step is not None)
        self._saved_label.setVisible(saved_step is not None)
        if saved_step is None:
            return
        text = tr("saved, step {step}", step=number_text(saved_step))
        per_x = self._box.viewPixelSize()[0]
        fits = (self._box.viewRange()[0][1] - saved_step) / per_x > px(GAP) + _width(text)
        self._saved_line.setValue(saved_step)
        self._saved_label.setText(text)
        self._saved_label.setAnchor((0, 0) if fits else (1, 0))
        per_y = (shown_y[1] - shown_y[0]) / max(1.0, self._box.height())
        self._saved_label.setPos(
            saved_step + (1 if fits else -1) * px(GAP) * per_x, shown_y[1] - px(4) * per_y
        )

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl; without Ctrl, the page scrolls."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        else:
            event.ignore()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Request the menu."""
        self.menu_wanted.emit(event.globalPos())

    def _moved(self) -> None:
        self._auto = False
        self.viewed.emit()


def _width(text: str) -> float:
    """Return the width of a name, with a pixel more for rounding."""
    return metrics("label_medium").horizontalAdvance(text) + 1


def _score_text(drawing: Drawing) -> str:
    """Return the last ROUGE-1, with chrF of the same evaluation where it is known."""
    text = f"ROUGE-1 {score(float(drawing.scores.values[-1]))}"
    if not len(drawing.chrf) or drawing.chrf.steps[-1] != drawing.scores.steps[-1]:
        return text
    return f"{text}, chrF {score(float(drawing.chrf.values[-1]))}"


def _pen(token: str, width: float, line: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    pen = QPen(style.color(token), width, line, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    pen.setCosmetic(True)
    return pen


def _scaled(values: Floats, log: bool) -> Floats:
    made: Floats = np.log10(np.maximum(values, 1e-8)) if log else values.copy()
    return made


def _digits(values: list[float]) -> int:
    """The number of decimals that distinguishes the values."""
    if len(values) < 2:
        return 2
    step = min(abs(after - before) for before, after in itertools.pairwise(values))
    return min(6, max(1 if step < 1 else 0, -math.floor(math.log10(step) + 1e-9))) if step > 0 else 2


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
