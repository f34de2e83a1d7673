"""Losses of several runs in one chart, with smoothing, a logarithmic axis and zoom. Knows names and values, no runs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QGraphicsSimpleTextItem

from engine.api import Curve, escaping, write_csv
from gui.core.background_tasks import once
from gui.look import style
from gui.look.fonts import font, metrics, px
from gui.look.format import number_text
from gui.look.language import tr
from gui.plots.chart import Chart, apart, pen, scaled
from gui.plots.series import Floats, Series, smoothing_window

# Lines differ in colour and dash; the chosen one has the accent.
PENS = tuple(
    itertools.product(
        ("text", "muted", "grey"), (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
    )
)
# The width right of the drawing, for the names at the line ends.
NAMES = 92


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

    edge_room = 0

    def __init__(self) -> None:
        super().__init__(tr("Loss"), {"left": "", "bottom": ""})
        self._lines: list[Line] = []
        self._chosen = self._lifted = ""
        self._smoothing = 0.6
        self._log = False
        self.curves: dict[str, pg.PlotCurveItem] = {}
        self.names: dict[str, QGraphicsSimpleTextItem] = {}
        self.viewed.connect(once(self, 0, self._draw).start)
        self.setMouseTracking(True)
        style.on_style_changed(self.restyle)

    def restyle(self) -> None:
        super().restyle()
        self.getPlotItem().layout.setContentsMargins(0, px(8), px(NAMES), 0)
        self._draw()

    def show_lines(self, lines: Sequence[Line], chosen: str) -> None:
        self._lines, self._chosen = list(lines), chosen
        for item in (*self.curves.values(), *self.names.values()):
            self.scene().removeItem(item)
        self.curves = {line.id: pg.PlotCurveItem(antialias=True) for line in lines}
        for curve in self.curves.values():
            self.box.addItem(curve, ignoreBounds=True)
        self.names = {line.id: QGraphicsSimpleTextItem(self.getPlotItem()) for line in lines}
        last = self._whole()[1]
        self.box.setLimits(xMin=0.0, xMax=last, minXRange=min(4.0, last))
        self._describe()
        self._draw()

    def set_look(self, smoothing: float, *, log: bool) -> None:
        """Draw with a smoothing of 0 to 1, and on a logarithmic axis with `log`."""
        self._smoothing, self._log = smoothing, log
        self._draw()

    def choose(self, line_id: str) -> None:
        self._chosen = line_id
        self._draw()

    def lines(self) -> list[Line]:
        return list(self._lines)

    def view(self) -> tuple[float, float]:
        low, high = self.box.viewRange()[0]
        return low, high

    def show_all(self) -> None:
        self.is_zoomed = False
        self._draw()

    def _describe(self) -> None:
        parts = [
            tr(
                "{name}: {loss} at step {step}",
                name=line.name,
                loss=number_text(float(line.series.mean_at(len(line.series) - 1, self._window(line))), 3),
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
        return smoothing_window(len(line.series), self._smoothing)

    def _draw(self) -> None:
        """Draw the part in view, and choose the range of losses: the 1st to 99th percentile of what is drawn."""
        if not self.is_zoomed:
            self.box.setXRange(*self._whole(), padding=0)
        points = max(32, int(self.box.width() / 2))
        drawn: dict[str, Floats] = {}
        for line, line_pen in self._with_pens():
            steps, means = line.series.smoothed(*self.view(), points, self._window(line))
            drawn[line.id] = scaled(means, log=self._log)
            self.curves[line.id].setData(steps, drawn[line.id])
            self.curves[line.id].setPen(line_pen)
            self.curves[line.id].setZValue(line.id == self._chosen)
            self.names[line.id].setBrush(line_pen.color())
        self.show_losses_between(_range_of(list(drawn.values())), self._whole()[1], log=self._log)
        self._place_names({name: float(values[-1]) for name, values in drawn.items() if values.size})

    def _with_pens(self) -> Iterator[tuple[Line, QPen]]:
        ratio = self.devicePixelRatioF()
        for line, (token, dash) in zip(self._lines, itertools.cycle(PENS), strict=False):
            if line.id == self._chosen:
                yield line, pen("accent", 2 * ratio)
            else:
                yield line, pen(token, (2 if line.id == self._lifted else 1) * ratio, dash)

    def _place_names(self, ends: dict[str, float]) -> None:
        """Place the names at the right, not overlapping, as near to the line ends as possible."""
        measured, (low, high) = metrics("small_medium"), self.box.viewRange()[1]
        rect = self.box.mapRectToItem(self.getPlotItem(), self.box.rect())
        tall = measured.height()
        tops = {name: rect.bottom() - (ends[name] - low) / (high - low) * rect.height() for name in ends}
        shown = sorted(tops, key=lambda name: tops[name])[: max(1, int(rect.height() / tall))]
        places = apart([tops[name] - tall / 2 for name in shown], tall, rect.top(), rect.bottom())
        for line in self._lines:
            item = self.names[line.id]
            item.setVisible(line.id in shown)
            if line.id in shown:
                item.setFont(font("small_medium"))
                item.setText(measured.elidedText(line.short, Qt.TextElideMode.ElideRight, px(NAMES) - px(8)))
                item.setPos(rect.right() + px(8), places[shown.index(line.id)])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.viewed.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Highlight the line whose name is under the pointer."""
        super().mouseMoveEvent(event)
        at = self.mapToScene(event.position().toPoint())
        named = self.names.items()
        lifted = next((line_id for line_id, item in named if item.sceneBoundingRect().contains(at)), "")
        if lifted != self._lifted:
            self._lifted = lifted
            self._draw()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_all()
        event.accept()

    def save_csv(self, path: Path) -> None:
        """Write every step of every line: its name, step, loss and smoothed loss. Raises StorageError."""
        write_csv(path, ["entry", "step", "loss", "smoothed"], self._table())

    def _table(self) -> Iterator[list[int | float | str]]:
        for line in self._lines:
            for at, (step, loss) in enumerate(zip(line.series.steps, line.series.values, strict=True)):
                mean = float(line.series.mean_at(at, self._window(line)))
                if math.isfinite(loss):
                    yield [line.name, int(step), float(loss), mean]


def _range_of(parts: list[Floats]) -> tuple[float, float]:
    values = np.concatenate(parts) if parts else np.empty(0)
    if not values.size:
        return 0.0, 4.0
    low, high = (float(edge) for edge in np.percentile(values, (1, 99)))
    # The names are at the line ends, so all ends must be in view.
    ends = [float(part[-1]) for part in parts if part.size]
    low, high = min(low, *ends), max(high, *ends)
    air = 0.05 * (high - low) or 0.1
    return low - air, high + air
