from PySide6.QtWidgets import QLineEdit

from gui.inputs.choices import ToggleChips
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field
from gui.inputs.number_inputs import FloatField, IntField, SliderSpin


def controls():
    return [QLineEdit("a"), ComboBox(["a"]), IntField(0, 9, 1), FloatField(0.5), SliderSpin(1, 9, 2)]


def test_a_problem_is_shown_and_goes(styled, qtbot):
    field = qtbot.add(Field("Precision", QLineEdit("float16"), helper_text="of the frozen weights"))
    field.set_problem("T5 overflows in float16.", "Use bfloat16.")
    assert field.problem() == "T5 overflows in float16. Use bfloat16."
    assert field.control.property("problem") == "true"
    assert field.control.accessibleDescription() == "T5 overflows in float16. Use bfloat16."
    field.set_problem()
    assert field.problem() == ""
    assert field.control.property("problem") == "false"
    assert field.control.accessibleDescription() == "of the frozen weights"


def test_a_field_keeps_its_height_with_a_problem_and_stays_readable_when_it_is_fixed(styled, qtbot):
    made = [*controls(), ToggleChips(["q", "v"], ["q"])]
    fields = [Field("&Name", control) for control in made]
    for field, control in zip(fields, made, strict=True):
        qtbot.addWidget(field)
        before = control.sizeHint().height()
        field.set_problem("Wrong.")
        assert control.sizeHint().height() == before
        for fixed in (True, False):
            field.set_read_only(fixed)
            assert control.isEnabled()
    assert made[2].accessibleName() == "Name"
    # The rim of a slider is its number's.
    assert made[4].spin.property("problem") == "true"
    assert made[5].on() == ["q"]
    for control in made[:4]:
        control.ensurePolished()
    assert {control.sizeHint().height() for control in made[:4]} == {32}
