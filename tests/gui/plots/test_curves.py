import math

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.jobs.run_state import Curve
from gui.plots.curves import Curves, line_of
from gui.widgets.layouts import vbox


def loss(steps: int, last: float) -> Curve:
    curve = Curve()
    for step in range(1, steps + 1):
        curve.add(step, last + math.exp(-step / 40))
    return curve


@pytest.fixture
def curves(styled, qtbot):
    page, made = QWidget(), Curves()
    vbox(made, of=page)
    qtbot.addWidget(page)
    page.resize(480, 300)
    made.show_lines(
        [line_of("a", "LoRA, r 32", "LoRA", loss(400, 1.2)), line_of("b", "IA3", "IA3", loss(200, 1.4))], "a"
    )
    page.show()
    yield made
    page.close()


def wheel(
    curves: Curves, up: bool, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.ControlModifier
) -> bool:
    middle = curves.box.sceneBoundingRect().center()
    event = QWheelEvent(
        middle, middle, QPoint(), QPoint(0, 120 if up else -120), Qt.MouseButton.NoButton, modifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    curves.wheelEvent(event)
    return event.isAccepted()


def test_all_steps_of_the_longest_run_are_in_view_at_first(curves):
    assert curves.view() == (0.0, 400.0)
    low, high = curves.box.viewRange()[1]
    assert low < 1.2
    assert high > 1.41
    assert curves.accessibleDescription() == "LoRA, r 32: 1.200 at step 400. IA3: 1.407 at step 200"


def test_a_logarithmic_axis_spaces_by_ratio_and_labels_with_losses(curves):
    curves.set_look(0.6, log=True)
    assert curves.box.viewRange()[1][1] < math.log10(3)
    labels = curves.axes["left"]._tickLevels[0]
    assert len(labels) >= 2
    assert all(10**exponent == pytest.approx(float(text), abs=0.006) for exponent, text in labels)


def test_ctrl_and_the_wheel_narrow_the_view_and_not_beyond_the_run(curves):
    assert not wheel(curves, True, Qt.KeyboardModifier.NoModifier)
    assert curves.view() == (0.0, 400.0)
    assert wheel(curves, True)
    low, high = curves.view()
    assert 0 < low < 200 < high < 400
    for _ in range(60):
        wheel(curves, True)
    assert curves.view()[1] - curves.view()[0] == pytest.approx(4.0)
    for _ in range(60):
        wheel(curves, False)
    assert curves.view() == pytest.approx((0.0, 400.0))


def test_a_drag_moves_a_narrowed_view_and_a_double_click_shows_all(curves):
    for _ in range(3):
        wheel(curves, True)
    before = curves.view()
    middle = curves.box.sceneBoundingRect().center().toPoint()
    viewport = curves.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=middle)
    for by in (10, 40):
        QTest.mouseMove(viewport, middle + QPoint(by, 0))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=middle + QPoint(40, 0))
    low, high = curves.view()
    assert low < before[0]
    assert high - low == pytest.approx(before[1] - before[0])
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=middle)
    assert curves.view() == (0.0, 400.0)


def test_a_name_under_the_pointer_lifts_its_line(curves):
    item = curves.names["b"]
    assert curves.curves["b"].opts["pen"].widthF() == 1
    QTest.mouseMove(curves.viewport(), item.sceneBoundingRect().center().toPoint())
    assert curves.curves["b"].opts["pen"].widthF() == 2
    tops = sorted(name.sceneBoundingRect().top() for name in curves.names.values())
    assert tops[1] - tops[0] >= item.sceneBoundingRect().height() - 1
