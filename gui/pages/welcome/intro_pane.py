"""The left pane of the guide: an introduction with a decorative curve."""

from __future__ import annotations

import math
import random

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.look import style
from gui.look.fonts import px
from gui.look.language import mark, tr
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import vbox
from gui.widgets.line import Line
from gui.widgets.text_view import ReadingText

WIDTH, MARGIN, POINTS = 496, 64, 90
TITLE = mark("Teach a model to summarise your conversations")
TEXT = mark(
    "A few steps, a few minutes. You will see the loss fall, read summaries as they get better, and know by how "
    "much. Everything stays on this computer."
)


class IntroPane(QWidget):
    """Fixed in width; hidden in a narrow window."""

    def __init__(self) -> None:
        super().__init__()
        style.ground(self, "surface")
        vbox(
            1,
            IconLabel("mark", "accent", 32),
            Label(tr(TITLE), "welcome", wrap=True),
            ReadingText(tr(TEXT), token="ink2"),
            _Curve(),
            Line(),
            1,
            of=self,
            margins=(MARGIN, 24, MARGIN - 16, 24),
            spacing=16,
        )
        style.follow(self._restyle)

    def _restyle(self) -> None:
        self.setFixedWidth(px(WIDTH))


class _Curve(QWidget):
    """A falling loss curve, as decoration."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        chance = random.Random(7)
        self._raw = [(at / POINTS, _loss(at) + chance.uniform(-0.09, 0.09)) for at in range(POINTS + 1)]

    def sizeHint(self) -> QSize:
        return QSize(px(320), px(160))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        smooth = [(at / POINTS, _loss(at)) for at in range(POINTS + 1)]
        for points, alpha, width in ((self._raw, 0.3, 1.0), (smooth, 1.0, 2.0)):
            painter.setPen(QPen(style.color("accent", alpha), width))
            painter.drawPolyline(QPolygonF([self._placed(*point) for point in points]))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.color("accent"))
        painter.drawEllipse(self._placed(*smooth[-1]), 4, 4)
        painter.end()

    def _placed(self, across: float, up: float) -> QPointF:
        return QPointF(2 + across * (self.width() - 8), 12 + (1 - up) * (self.height() - 40))


def _loss(at: int) -> float:
    return math.exp(-3.2 * at / POINTS)
