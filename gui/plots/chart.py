"""What all charts share: pyqtgraph's plot with our axes, colours and keyboard rim, and export as PNG and SVG.

Importing pyqtgraph takes half a second: import it only when a chart is first shown.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QMouseEvent, QPainter, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy

from gui.look import style
from gui.look.focus_rim import has_rim
from gui.look.fonts import font, px
from gui.look.format import number_text
from gui.plots.series import Floats

MIN_LOSS = 1e-8


class Chart(pg.PlotWidget):
    """A plot without frame and menu; hairlines stand at the labelled values of the left axis.

    Subclasses call `restyle` at the end of their constructor and set their pens there. Ctrl and the wheel zoom.
    """

    accessible_role = QAccessible.Role.Chart
    # What the labels of the steps keep free at the right edge.
    edge_room = 20
    # The user has moved or zoomed the view, or it has another size: what is drawn depends on both.
    viewed = Signal()
    is_zoomed = False

    def __init__(self, name: str, titles: Mapping[str, str]) -> None:
        """Make a chart with the named axes: their titles by "left", "bottom" and "right"; "" is none."""
        self.axes = {side: LabelledAxis(side, title) for side, title in titles.items()}
        super().__init__(background=None, axisItems=dict(self.axes))
        self.setAccessibleName(name)
        item = self.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        item.setContentsMargins(0, 0, 0, 0)
        item.layout.setContentsMargins(0, 0, 0, 0)
        self.box = item.getViewBox()
        self.box.setMouseEnabled(x=True, y=False)
        self.box.setDefaultPadding(0)
        self.box.disableAutoRange()
        # An axis that comes takes width from the drawing.
        self.box.sigResized.connect(self.viewed)
        self.box.sigRangeChangedManually.connect(self.zoom)
        self.setAntialiasing(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        self.axes["left"].setGrid(255)
        for axis in self.axes.values():
            axis.setZValue(self.box.zValue() - 1)

    def restyle(self) -> None:
        for axis in self.axes.values():
            axis.restyle()
        self.axes["left"].setWidth(px(58 if self.axes["left"].labelText else 40))
        self.axes["bottom"].setHeight(px(44 if self.axes["bottom"].labelText else 24))
        # The view caches its background, which still has the old scheme.
        self.resetCachedContent()

    def sizeHint(self) -> QSize:
        """Request only the minimum height; the space that is left comes on top."""
        return QSize(px(420), self.minimumHeight())

    def zoom(self) -> None:
        self.is_zoomed = True
        self.viewed.emit()

    def show_losses_between(self, y: tuple[float, float], last_step: float, *, log: bool) -> None:
        """Show losses (logarithms with `log`) between two values, and label both axes: steps across, losses up."""
        self.box.setYRange(*y, padding=0)
        low, high = self.box.viewRange()[0]
        width, height = max(1.0, self.box.width()), max(1.0, self.box.height())
        steps = nice_ticks(low, high, max(2, min(8, int(width / px(80)))), whole=True)
        end = high - px(self.edge_room) * (high - low) / width
        self.axes["bottom"].setTicks([[(x, number_text(x)) for x in steps if 0 < x <= min(last_step, end)]])
        edge = px(7) * (y[1] - y[0]) / height
        ticks = (log_ticks if log else level_ticks)(y[0] + edge, y[1] - edge)
        losses = [10**tick if log else tick for tick in ticks]
        digits = _digits(losses)
        labels = [number_text(loss, digits) for loss in losses]
        self.axes["left"].setTicks([list(zip(ticks, labels, strict=True))])

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Draw a rim while the chart has the keyboard focus."""
        if has_rim(self):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(style.color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.viewport().rect()).adjusted(1, 1, -1, -1), 5, 5)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl; without Ctrl, the page scrolls."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Keep clicks from what lies below; pyqtgraph lets them through."""
        super().mousePressEvent(event)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        event.accept()

    def save_png(self, path: Path) -> bool:
        """Write the chart as PNG at the screen's pixel ratio; return whether that worked."""
        return self.grab().save(str(path), "PNG")

    def save_svg(self, path: Path) -> bool:
        """Write the chart as SVG on the page's background; return whether that worked."""
        from PySide6.QtSvg import QSvgGenerator

        generator = QSvgGenerator()
        generator.setFileName(str(path))
        generator.setTitle(self.accessibleName())
        # pyqtgraph draws its axes by way of pictures that have the screen's resolution.
        generator.setResolution(self.logicalDpiX())
        generator.setSize(self.size())
        generator.setViewBox(self.rect())
        painter = QPainter()
        if not painter.begin(generator):
            return False
        painter.fillRect(self.rect(), style.color("background"))
        self.render(painter)
        return painter.end()


class LabelledAxis(pg.AxisItem):
    """An axis without line and ticks; the left one has hairlines."""

    def __init__(self, orientation: str, title: str) -> None:
        super().__init__(orientation, maxTickLength=0)
        self.setStyle(tickLength=0, tickTextOffset=8, autoExpandTextSpace=False, hideOverlappingLabels=False)
        self.enableAutoSIPrefix(False)
        self.setStyle(tickAlpha=255 if orientation == "left" else 0)
        self.setPen(pg.mkPen(None))
        if title:
            self.setLabel(title)

    def restyle(self) -> None:
        self.setTickFont(font("axis"))
        self.setTextPen(pg.mkPen(style.color("hint")))
        self.setTickPen(pen("line", 1))
        self.label.setFont(font("axis"))
        if self.labelText:
            self.setLabel(self.labelText, color=style.color("muted").name())


def pen(token: str, width: float, line: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """Return a pen in a token's colour whose width doesn't depend on the zoom."""
    made = QPen(style.color(token), width, line, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    made.setCosmetic(True)
    return made


def text_item(token: str, role: str = "label_medium") -> pg.TextItem:
    """Return a text in a chart, without a margin around it."""
    made = pg.TextItem(anchor=(0, 0), color=style.color(token))
    made.setFont(font(role))
    made.textItem.document().setDocumentMargin(0)
    return made


def scaled(losses: Floats, *, log: bool) -> Floats:
    """Return losses as they stand on the axis."""
    return np.log10(np.maximum(losses, MIN_LOSS)) if log else losses


def _digits(values: list[float]) -> int:
    """The number of decimals that distinguishes the values."""
    if len(values) < 2:
        return 2
    step = min(abs(after - before) for before, after in itertools.pairwise(values))
    return min(6, max(1 if step < 1 else 0, -math.floor(math.log10(step) + 1e-9))) if step > 0 else 2


def nice_ticks(low: float, high: float, about: int, whole: bool = False) -> list[float]:
    """Return about `about` round values between two, at steps of 1, 2, 2.5 or 5 times a power of ten."""
    if high <= low:
        return [low]
    rough = (high - low) / max(1, about)
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next((unit * by for by in (1, 2, 5, 10) if unit * by >= rough * 0.8), unit * 10)
    step = max(1.0, step) if whole else step
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(at * step, 12) for at in range(first, last + 1)]


def level_ticks(low: float, high: float) -> list[float]:
    """Return three to five round values between two, if possible."""
    tried = (nice_ticks(low, high, about) for about in (4, 5, 6, 8))
    return next((ticks for ticks in tried if len(ticks) >= 3), nice_ticks(low, high, 4))


def log_ticks(low: float, high: float) -> list[float]:
    """Return logarithms of round values between two logarithms: 1-2-5 within few decades, else powers of ten."""
    if high - low > 3:
        return [float(power) for power in range(math.ceil(low), math.floor(high) + 1)]
    powers = range(math.floor(low), math.ceil(high) + 1)
    values = (power + math.log10(by) for power in powers for by in (1, 2, 5))
    found = [value for value in values if low <= value <= high]
    if len(found) < 3:
        found = [math.log10(value) for value in level_ticks(10**low, 10**high) if value > 0]
    return found


def apart(tops: list[float], high: float, lowest: float, highest: float) -> list[float]:
    """Return positions in rising order, `high` apart and not beyond `most`, moved as little as possible."""
    made: list[float] = []
    for top in tops:
        made.append(max(top, made[-1] + high if made else lowest))
    for at in range(len(made) - 1, -1, -1):
        made[at] = min(made[at], made[at + 1] - high if at + 1 < len(made) else highest - high / 2)
    return made
