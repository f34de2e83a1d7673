"""A small line plot of a loss, for a table row."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from gui.look import style


def paint_sparkline(
    painter: QPainter, rect: QRectF, values: Sequence[float], share: float = 1.0, token: str = "accent"
) -> None:
    """Draw values over the first `share` of a rectangle (the finished part of the run), the lowest at the bottom."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 2:
        return
    low, high = min(finite), max(finite)
    across = rect.width() * min(1.0, max(0.05, share)) / (len(finite) - 1)
    tall = rect.height() - 2
    spread = (high - low) or 1.0
    points = [
        QPointF(rect.left() + at * across, rect.bottom() - 1 - tall * (value - low) / spread)
        for at, value in enumerate(finite)
    ]
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(
        QPen(
            style.color(token), 1.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
        )
    )
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF(points))
    painter.restore()
