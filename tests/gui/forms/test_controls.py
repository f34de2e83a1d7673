import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from gui.inputs.choices import SegmentedControl, ToggleChips
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import SearchField
from gui.widgets.buttons import primary
from gui.widgets.layouts import hbox, vbox
from tests.helpers.layout_problems import layout_problems


@pytest.fixture
def level(styled, qtbot):
    made = SegmentedControl(
        [("essential", "Essential"), ("more", "More"), ("everything", "Everything")], name="Level"
    )
    qtbot.addWidget(made)
    made.resize(made.sizeHint())
    return made


def test_arrows_and_clicks_move_the_segment(level, qtbot):
    with qtbot.waitActive(level):
        level.show()
    told = []
    level.currentChanged.connect(told.append)
    level.segments["essential"].setFocus()
    QTest.keyClick(level.segments["essential"], Qt.Key.Key_Right)
    assert level.current() == "more"
    for _ in range(2):
        QTest.mouseClick(level.segments["everything"], Qt.MouseButton.LeftButton)
    assert told == ["more", "everything"]
    level.set_current("more")
    assert level.focusProxy() is level.segments["more"]
    with pytest.raises(ValueError, match="nothing"):
        level.set_current("nothing")


def test_segments_are_radio_buttons_of_equal_width_that_grow_with_their_texts(level):
    button = QAccessible.queryAccessibleInterface(level.segments["more"])
    assert button.role() == QAccessible.Role.RadioButton
    assert button.text(QAccessible.Text.Description) == "Level"
    level.show()
    widths = [each.width() for each in level.segments.values()]
    assert max(widths) - min(widths) <= 1
    before = level.sizeHint().width()
    level.set_text("more", "More than before")
    assert level.sizeHint().width() > before


@pytest.mark.parametrize("short", [False, True])
def test_segments_wrap_where_they_have_no_room(styled, qtbot, short):
    made = SegmentedControl(["Scores", "Conversations", "Blind votes"], short)
    around = qtbot.add(QWidget())
    vbox(hbox(made, of=QWidget(around)).parentWidget(), 1, of=around)
    around.resize(made.sizeHint().width() // 2, 200)
    around.show()
    QTest.qWait(50)
    tops = {each.y() for each in made.segments.values()}
    assert len(tops) > 1
    assert all(made.rect().contains(each.geometry()) for each in made.segments.values())
    assert layout_problems(around) == []


@pytest.fixture
def targets(styled, qtbot):
    made = qtbot.add(ToggleChips(["q", "k", "v", "o"], ["q", "v"]))
    made.resize(300, 40)
    return made


def test_chips_toggle_by_mouse_and_space_are_replaced_and_wrap(targets):
    told = []
    targets.changed.connect(told.append)
    QTest.mouseClick(targets.chips["k"], Qt.MouseButton.LeftButton)
    QTest.keyClick(targets.chips["q"], Qt.Key.Key_Space)
    assert told == [["q", "k", "v"], ["k", "v"]]
    assert targets.on() == ["k", "v"]
    flow = targets.layout()
    assert flow.heightForWidth(60) > flow.heightForWidth(400)
    targets.set_items(["wi", "wo"], ["wo"])
    assert targets.on() == ["wo"]


def test_a_choice_gives_keys_and_keeps_them_with_new_items(styled, qtbot):
    choice = qtbot.add(ComboBox([("lora", "LoRA"), ("ia3", "IA3")]))
    assert choice.key() == "lora"
    with qtbot.waitSignal(choice.chosen) as told:
        QTest.keyClick(choice, Qt.Key.Key_Down)
    assert told.args == ["ia3"]
    choice.set_items([("bitfit", "BitFit"), ("ia3", "IA3")])
    assert choice.key() == "ia3"
    choice.set_read_only(True)
    QTest.keyClick(choice, Qt.Key.Key_Up)
    assert choice.key() == "ia3"
    line = qtbot.add(ComboBox([("starter", "The practice model")], editable=True))
    for key in ("google/flan-t5-base", "starter"):
        line.set_key(key)
        assert line.key() == key


def test_a_search_waits_for_a_rest_in_typing_and_escape_clears_it_at_once(styled, qtbot):
    field = qtbot.add(SearchField("Search methods"))
    told = []
    field.searched.connect(told.append)
    QTest.keyClicks(field, "lora")
    assert told == []
    qtbot.waitUntil(lambda: told == ["lora"])
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert told == ["lora", ""]


def test_a_button_with_the_keyboard_is_pressed_by_return_too_and_once(styled, qtbot):
    pressed = []
    button = qtbot.add(primary("Go on"))
    button.clicked.connect(lambda: pressed.append(1))
    for count, key in enumerate((Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space), 1):
        qtbot.keyClick(button, key)
        assert pressed == [1] * count
