"""Losses of several runs over one another: what is in view, how names keep apart, how the view is narrowed."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest

from engine.jobs.run_state import Curve
from gui.plots.curves import Curves, line_of


def loss(steps: int, last: float) -> Curve:
    curve = Curve()
    for step in range(1, steps + 1):
        curve.add(step, last + math.exp(-step / 40))
    return curve


@pytest.fixture
def curves(styled, qtbot):
    made = Curves()
    qtbot.addWidget(made)
    made.resize(480, 300)
    made.show_lines(
        [line_of("a", "LoRA, r 32", "LoRA", loss(400, 1.2)), line_of("b", "IA3", "IA3", loss(200, 1.4))], "a"
    )
    made.show()
    qtbot.waitExposed(made)
    return made


def wheel(
    curves: Curves, up: bool, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.ControlModifier
) -> bool:
    middle = QPointF(curves.frame().rect.center())
    event = QWheelEvent(
        middle, middle, QPoint(), QPoint(0, 120 if up else -120), Qt.MouseButton.NoButton, modifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    curves.wheelEvent(event)
    return event.isAccepted()


def test_all_steps_of_the_longest_run_are_in_view_at_first(curves):
    assert curves.view() == (0.0, 400.0)
    low, high = curves.frame().y
    assert low < 1.2
    assert high > 1.41
    assert curves.accessibleDescription() == "LoRA, r 32: 1.200 at step 400. IA3: 1.407 at step 200"


def test_a_logarithmic_axis_spaces_by_ratio_and_labels_with_losses(curves):
    curves.set_log(True)
    frame = curves.frame()
    assert frame.y[1] < math.log10(3)
    _, up = curves.ticks(frame)
    assert all(10**exponent == pytest.approx(float(text), abs=0.006) for exponent, text in up)


def test_ctrl_and_the_wheel_narrow_the_view_around_the_pointer_and_not_beyond_the_run(curves):
    assert not wheel(curves, True, Qt.KeyboardModifier.NoModifier)
    assert curves.view() == (0.0, 400.0)
    assert wheel(curves, True)
    low, high = curves.view()
    assert (low, high) == (pytest.approx(40.0), pytest.approx(360.0))
    for _ in range(60):
        wheel(curves, True)
    assert curves.view()[1] - curves.view()[0] == pytest.approx(4.0)
    for _ in range(60):
        wheel(curves, False)
    assert curves.view() == (0.0, 400.0)


def test_a_drag_moves_a_narrowed_view_and_a_double_click_shows_all(curves):
    curves.zoom(0.5, 200.0)
    assert curves.view() == (100.0, 300.0)
    middle = curves.frame().rect.center().toPoint()
    QTest.mousePress(curves, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(curves, middle + QPoint(40, 0))
    QTest.mouseRelease(curves, Qt.MouseButton.LeftButton, pos=middle + QPoint(40, 0))
    low, high = curves.view()
    assert low < 100.0
    assert high - low == pytest.approx(200.0)
    QTest.mouseDClick(curves, Qt.MouseButton.LeftButton, pos=middle)
    assert curves.view() == (0.0, 400.0)
