"""A field says its problem in words, and shows settled values without letting them be changed."""

import pytest
from PySide6.QtWidgets import QLineEdit

from gui.inputs.chips import ToggleChips
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field
from gui.inputs.number_inputs import FloatField, IntField, SliderSpin


def controls():
    return [QLineEdit("a"), ComboBox(["a"]), IntField(0, 9, 1), FloatField(0.5), SliderSpin(1, 9, 2)]


def test_a_problem_is_shown_and_goes(styled, qtbot):
    field = Field("Precision", QLineEdit("float16"), foot="of the frozen weights")
    qtbot.addWidget(field)
    field.set_problem("T5 overflows in float16.", "Use bfloat16.")
    assert field.problem() == "T5 overflows in float16. Use bfloat16."
    assert field.control.property("problem") == "true"
    assert field.control.accessibleDescription() == "T5 overflows in float16. Use bfloat16."
    field.set_problem()
    assert field.problem() == ""
    assert field.control.property("problem") == "false"
    assert field.control.accessibleDescription() == "of the frozen weights"


def test_the_rim_of_a_slider_is_its_number(styled, qtbot):
    both = SliderSpin(1, 64, 8)
    field = Field("Rank", both)
    qtbot.addWidget(field)
    field.set_problem("Too large.")
    assert both.spin.property("problem") == "true"


@pytest.mark.parametrize("at", range(5))
def test_a_field_keeps_its_height_with_a_problem_but_for_the_line(styled, qtbot, at):
    control = controls()[at]
    field = Field("Name", control)
    qtbot.addWidget(field)
    before = control.sizeHint().height()
    field.set_problem("Wrong.")
    assert control.sizeHint().height() == before


@pytest.mark.parametrize("at", range(5))
def test_a_fixed_field_stays_enabled_and_readable(styled, qtbot, at):
    control = controls()[at]
    field = Field("Name", control)
    qtbot.addWidget(field)
    field.set_fixed(True)
    assert control.isEnabled()
    field.set_fixed(False)
    assert control.isEnabled()


def test_chips_can_be_fixed_too(styled, qtbot):
    chips = ToggleChips(["q", "v"], ["q"])
    field = Field("Applied to", chips)
    qtbot.addWidget(field)
    field.set_fixed(True)
    assert chips.on() == ["q"]
    assert chips.isEnabled()


def test_the_label_names_the_control(styled, qtbot):
    field = Field("&Rank", IntField(1, 9, 2))
    qtbot.addWidget(field)
    assert field.control.accessibleName() == "Rank"


def test_controls_of_a_line_are_equally_high(styled, qtbot):
    made = controls()[:4]
    for control in made:
        qtbot.addWidget(control)
        control.ensurePolished()
    assert {control.sizeHint().height() for control in made} == {32}
