"""Sparklines: drawn where they should be."""

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from gui.graphics.sparkline import paint_sparkline
from gui.look.tokens import LIGHT


def _drawn(values, share=1.0):
    image = QImage(100, 20, QImage.Format.Format_RGB32)
    image.fill(QColor(LIGHT.window))
    painter = QPainter(image)
    paint_sparkline(painter, QRectF(0, 0, 100, 20), values, share)
    painter.end()
    ground = QColor(LIGHT.window).rgb()
    return [(x, y) for x in range(100) for y in range(20) if image.pixel(x, y) != ground]


def test_a_falling_loss_falls(styled):
    points = _drawn([3, 2, 1])
    left = [y for x, y in points if x < 5]
    right = [y for x, y in points if x > 94]
    assert max(left) < min(right)


def test_half_a_run_takes_half_the_room(styled):
    assert max(x for x, _ in _drawn([3, 2, 1], 0.5)) <= 52


@pytest.mark.parametrize("values", [[], [1.0], [float("nan"), float("inf"), 1.0]])
def test_too_few_values_draw_nothing(styled, values):
    assert _drawn(values) == []


def test_a_level_line_is_drawn(styled):
    assert _drawn([1.0, 1.0, 1.0])
