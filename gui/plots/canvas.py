"""The drawing of a loss plot: both losses, scores with an axis of their own, and names at the line ends.

Draws the visible part of the given series and chooses the y range. Knows no run.
"""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent

from gui.look import style
from gui.look.fonts import font, metrics, px
from gui.look.format import number_text, score
from gui.look.language import tr
from gui.plots.chart import MIN_LOSS, Chart, apart, level_ticks, pen, scaled, text_item
from gui.plots.series import MARKED_COLUMNS, Drawing, Floats, Series

# Between a line and the name at its end, and the height of a name.
GAP, NAME_HEIGHT = 8, 16
# At the top, for the label of the saved step.
SAVED_HEIGHT = 24
# The names take at most this part of the width; a narrower plot has none.
MOST_FOR_NAMES = 0.4
# The smallest range of the axis in points of ROUGE: smaller differences are noise and would look large.
MIN_POINTS = 5.0
LOWEST, HIGHEST = 0.0, 100.0
# The fraction of the height below the lowest score.
ROOM_BELOW = 0.1


class Canvas(Chart):
    """Draws a `Drawing`."""

    menu_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__(tr("Loss plot"), {"left": tr("Loss"), "bottom": tr("Step"), "right": "ROUGE-1"})
        self.getPlotItem().hideAxis("right")
        self.former = pg.PlotCurveItem(antialias=True)
        self._raw = pg.PlotCurveItem(antialias=False)
        self.smooth = pg.PlotCurveItem(antialias=True)
        self.evaluations = _marked_line("d", 9)
        self._now = pg.InfiniteLine(angle=90, movable=False)
        self._saved_line = pg.InfiniteLine(angle=90, movable=False)
        self._train_name, self._evaluation_name = text_item("accent"), text_item("warning")
        self.score_name, self.saved_label = text_item("muted"), text_item("muted")
        self.scores = _marked_line("o", 7)
        curves = (self.former, self._now, self._raw, self.smooth, self.evaluations)
        for z, item in enumerate((*curves, self._saved_line, self.scores)):
            item.setZValue(z)
            self.box.addItem(item, ignoreBounds=True)
        for name in (*self.end_names(), self.saved_label):
            name.setZValue(20)
            self.box.addItem(name, ignoreBounds=True)
        style.on_style_changed(self.restyle)

    def end_names(self) -> tuple[pg.TextItem, ...]:
        return self._train_name, self._evaluation_name, self.score_name

    def restyle(self) -> None:
        super().restyle()
        ratio = self.devicePixelRatioF()
        dark = style.tokens().scheme == "dark"
        self._raw.setPen(pg.mkPen(style.mixed("accent", "background", 0.30 if dark else 0.26), width=1))
        self.former.setPen(pen("grey", ratio))
        self.smooth.setPen(pen("accent", 2 * ratio))
        self.evaluations.setPen(pen("warning", ratio))
        self.evaluations.setSymbolBrush(style.color("warning"))
        self.scores.setPen(pen("muted", ratio, Qt.PenStyle.DashLine))
        self.scores.setSymbolBrush(style.color("muted"))
        self._now.setPen(pen("edge", 1))
        self._saved_line.setPen(pen("text", ratio, Qt.PenStyle.DashLine))
        tokens = ("accent", "warning", "muted", "muted")
        for name, token in zip((*self.end_names(), self.saved_label), tokens, strict=True):
            name.setFont(font("label_medium"))
            name.setColor(style.color(token))
        self.saved_label.fill = pg.mkBrush(style.color("background"))

    def draw(self, drawing: Drawing) -> None:
        texts = self._end_texts(drawing)
        room = px(GAP) + max(map(_width, texts.values()), default=0.0)
        share = room / max(1.0, self.box.width())
        if not self.is_zoomed:
            end = drawing.last_step() * 1.006
            # The names stand beside the line ends, where no line is.
            beside = drawing.reached() / (1 - share) if share < MOST_FOR_NAMES else 0.0
            self.box.setXRange(0.0, max(end, beside), padding=0)
        low, high = self.box.viewRange()[0]
        columns = max(64, int(self.box.width()))
        shown_y = self._y_range(drawing, low, high, columns)
        self.show_losses_between(shown_y, drawing.last_step(), log=drawing.log)
        former_x, former_y = drawing.former.smoothed(low, high, columns // 2, drawing.window())
        self.former.setData(former_x, scaled(former_y, log=drawing.log))
        x, y = drawing.train.peaks(low, high, columns)
        self._raw.setData(x, scaled(y, log=drawing.log))
        smooth_x, smooth_y = drawing.train.smoothed(low, high, columns // 2, drawing.window())
        smooth_y = scaled(smooth_y, log=drawing.log)
        self.smooth.setData(smooth_x, smooth_y, antialias=drawing.window() > 3)
        steps, values = drawing.evaluation.peaks(low, high, MARKED_COLUMNS)
        values = scaled(values, log=drawing.log)
        self.evaluations.setData(steps, values)
        scores = self._draw_scores(drawing.scores, *shown_y)
        ends = zip(self.end_names(), (smooth_y, values, scores), strict=True)
        heights = {name: float(shown[-1]) for name, shown in ends if shown.size}
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
            lowest, highest = (math.log10(max(each, MIN_LOSS)) for each in (lowest, highest))
        pad = 0.04 * (highest - lowest) or 0.05 * abs(highest) or 0.1
        lowest, highest = lowest - pad, highest + pad
        if drawing.saved_step is not None:
            above = min(0.5, px(SAVED_HEIGHT) / max(1.0, self.box.height()))
            highest += (highest - lowest) * above / (1 - above)
        return lowest, highest

    def _end_texts(self, drawing: Drawing) -> dict[pg.TextItem, str]:
        texts = {}
        if len(drawing.train):
            mean = float(drawing.train.mean_at(len(drawing.train) - 1, drawing.window()))
            texts[self._train_name] = tr("train {loss}", loss=number_text(mean, 3))
        if len(drawing.evaluation):
            value = float(drawing.evaluation.values[-1])
            texts[self._evaluation_name] = tr("validation {loss}", loss=number_text(value, 3))
        if len(drawing.scores):
            texts[self.score_name] = _score_text(drawing)
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
        for name in self.end_names():
            name.setVisible(name in heights)
        height = max(1.0, self.box.height())
        per_x, per_y = self.box.viewPixelSize()[0], (shown_y[1] - shown_y[0]) / height
        high, free = px(NAME_HEIGHT), px(SAVED_HEIGHT) if drawing.saved_step is not None else 0.0
        names = sorted(heights, key=lambda name: -heights[name])
        tops = apart(
            [(shown_y[1] - heights[name]) / per_y - high / 2 for name in names], high, free, height - high / 2
        )
        for top, name in zip(tops, names, strict=True):
            name.setText(texts[name])
            name.setPos(reached + px(GAP) * per_x, shown_y[1] - top * per_y)

    def _place_saved(self, saved_step: int | None, shown_y: tuple[float, float]) -> None:
        self._saved_line.setVisible(saved_step is not None)
        self.saved_label.setVisible(saved_step is not None)
        if saved_step is None:
            return
        text = tr("saved, step {step}", step=number_text(saved_step))
        low, per_x, width = self.box.viewRange()[0][0], self.box.viewPixelSize()[0], self.box.width()
        if _width(text) > width:
            text = tr("saved")
        line, gap = (saved_step - low) / per_x, px(GAP)
        fits = line + gap + _width(text) <= width
        # Where neither side has room, it covers a part of the line.
        left = line + gap if fits else max(0.0, line - gap - _width(text))
        self._saved_line.setValue(saved_step)
        self.saved_label.setText(text)
        per_y = (shown_y[1] - shown_y[0]) / max(1.0, self.box.height())
        self.saved_label.setPos(low + left * per_x, shown_y[1] - px(4) * per_y)

    def _draw_scores(self, scores: Series, low: float, high: float) -> Floats:
        """Draw scores between these losses, with an axis of their own, and return where their points stand."""
        shown, axis = len(scores) > 0, self.axes["right"]
        if axis.isVisible() != shown:
            self.getPlotItem().showAxis("right", shown)
            axis.setWidth(px(54) if shown else 0)
        steps, values = scores.peaks(-math.inf, math.inf, MARKED_COLUMNS)
        if not shown:
            self.scores.setData(steps, values)
            return values
        points, height = 100.0 * values, max(1.0, self.box.height())
        least, most = range_of(float(points.min()), float(points.max()), px(48) / height)
        factor, edge = (high - low) / (most - least), px(7) * (most - least) / height
        ticks = level_ticks(max(LOWEST, least + edge), min(HIGHEST, most - edge))
        axis.setTicks([[(low + factor * (tick - least), number_text(tick)) for tick in ticks]])
        heights: Floats = low + factor * (points - least)
        self.scores.setData(steps, heights)
        return heights

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())


def _marked_line(symbol: str, size: int) -> pg.PlotDataItem:
    """Return a line with a symbol at each point."""
    return pg.PlotDataItem(antialias=True, symbol=symbol, symbolSize=size, symbolPen=None)


def _width(text: str) -> float:
    """Return the width of a name, with a pixel more for rounding."""
    return metrics("label_medium").horizontalAdvance(text) + 1


def _score_text(drawing: Drawing) -> str:
    """Return the last ROUGE-1, with chrF of the same evaluation where it is known."""
    text = f"ROUGE-1 {score(float(drawing.scores.values[-1]))}"
    if not len(drawing.chrf) or drawing.chrf.steps[-1] != drawing.scores.steps[-1]:
        return text
    return f"{text}, chrF {score(float(drawing.chrf.values[-1]))}"


def range_of(low: float, high: float, room_above: float) -> tuple[float, float]:
    """Return a range for points of ROUGE; `room_above` is the fraction of the height that names above need."""
    lacking = max(0.0, MIN_POINTS - (high - low)) / 2
    low, high = max(LOWEST, low - lacking), min(HIGHEST, high + lacking)
    height = (high - low) / (1 - ROOM_BELOW - min(0.5, room_above))
    return low - ROOM_BELOW * height, low + (1 - ROOM_BELOW) * height
