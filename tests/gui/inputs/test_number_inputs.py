import math

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gui.inputs.number_inputs import FloatField, IntField, SliderSpin, float_text, read_float

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(FINITE)
def test_a_float_reads_back_as_itself(value):
    assert read_float(float_text(value)) == value


def test_a_float_is_shown_as_short_as_can_be_and_taken_in_all_ways_of_writing_it(styled, qtbot):
    for value, shown in {
        2e-5: "2e-5",
        0.001: "0.001",
        0.05: "0.05",
        1.0: "1",
        1e-8: "1e-8",
        0.0: "0",
        1e22: "1e22",
    }.items():
        field = qtbot.add(FloatField(value))
        assert (field.text(), field.value()) == (shown, value)
    for typed in ("2e-5", "2E-5", "0.00002", "2,0e-5", "0,00002"):
        field = qtbot.add(FloatField(0.001))
        field.selectAll()
        QTest.keyClicks(field, typed)
        assert (field.value(), field.text()) == (2e-5, typed)


def test_what_is_no_number_yet_is_not_taken_and_falls_back(styled, qtbot):
    field = qtbot.show(FloatField(0.1))
    field.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    field.selectAll()
    QTest.keyClicks(field, "-")
    assert field.value() == 0.1
    field.clearFocus()
    assert field.text() == "0.1"


def test_letters_cannot_be_typed_and_an_optional_float_may_be_empty(styled, qtbot):
    field = qtbot.add(FloatField(0.1, optional=True))
    field.selectAll()
    QTest.keyClicks(field, "a1b")
    assert field.text() == "1"
    with qtbot.waitSignal(field.valueChanged) as told:
        field.selectAll()
        QTest.keyClick(field, Qt.Key.Key_Delete)
    assert told.args == [None]
    assert field.value() is None


def test_keys_step_by_the_leading_digit_unless_the_field_is_fixed(styled, qtbot):
    up, down = Qt.Key.Key_Up, Qt.Key.Key_Down
    for start, key, wanted in ((2e-5, up, 3e-5), (1e-4, down, 9e-5), (9e-5, up, 1e-4), (0.5, down, 0.4)):
        field = qtbot.add(FloatField(start))
        QTest.keyClick(field, key)
        assert math.isclose(field.value(), wanted, rel_tol=1e-12)
        assert field.text() == float_text(field.value())
    field.set_read_only(True)
    QTest.keyClicks(field, "9")
    QTest.keyClick(field, up)
    assert (field.value(), field.text()) == (0.4, "0.4")


def test_a_fixed_whole_number_takes_no_keys(styled, qtbot):
    field = qtbot.add(IntField(1, 256, 32))
    field.set_read_only(True)
    QTest.keyClick(field, Qt.Key.Key_Up)
    QTest.keyClicks(field, "9")
    assert field.value() == 32
    field.set_read_only(False)
    QTest.keyClick(field, Qt.Key.Key_Up)
    assert field.value() == 33


def test_slider_and_number_move_each_other(styled, qtbot):
    both = qtbot.add(SliderSpin(1, 64, 8))
    with qtbot.waitSignal(both.valueChanged) as told:
        both.slider.setValue(20)
    assert told.args == [20]
    assert both.spin.value() == 20
    both.spin.setValue(7)
    assert both.slider.value() == 7


def test_powers_of_two_keep_a_number_between(styled, qtbot):
    both = qtbot.add(SliderSpin(1, 256, 8, powers=True))
    both.setValue(24)
    assert both.value() == 24
    both.slider.setValue(6)
    assert both.value() == 64


def test_one_has_its_unit_in_the_singular(styled, qtbot):
    field = qtbot.add(IntField(1, 100, 0, suffix="steps", suffix_of_one="step"))
    assert field.text() == "1 step"
    field.setValue(2)
    assert field.text() == "2 steps"
    field.lineEdit().selectAll()
    QTest.keyClicks(field, "15")
    assert (field.value(), field.text()) == (15, "15 steps")
