"""Segments, chips, choices and search fields: by mouse, by keys, and in words."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from gui.inputs.chips import ToggleChips
from gui.inputs.combo_box import ComboBox
from gui.inputs.search_field import SearchField
from gui.inputs.segmented_control import SegmentedControl
from gui.widgets.buttons import primary


@pytest.fixture
def level(styled, qtbot):
    made = SegmentedControl(
        [("essential", "Essential"), ("more", "More"), ("everything", "Everything")], name="Level"
    )
    qtbot.addWidget(made)
    made.resize(made.sizeHint())
    return made


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ([Qt.Key.Key_Right], "more"),
        ([Qt.Key.Key_End], "everything"),
        ([Qt.Key.Key_End, Qt.Key.Key_Right], "everything"),
        ([Qt.Key.Key_End, Qt.Key.Key_Left], "more"),
        ([Qt.Key.Key_End, Qt.Key.Key_Home], "essential"),
    ],
)
def test_keys_move_the_segment(level, keys, wanted):
    for key in keys:
        QTest.keyClick(level, key)
    assert level.current() == wanted


def test_right_to_left_turns_the_keys_round(level):
    level.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    QTest.keyClick(level, Qt.Key.Key_Left)
    assert level.current() == "more"


def test_a_click_chooses_and_tells_once(level, qtbot):
    told = []
    level.currentChanged.connect(told.append)
    right = QPoint(level.width() - 12, level.height() // 2)
    QTest.mouseClick(level, Qt.MouseButton.LeftButton, pos=right)
    QTest.mouseClick(level, Qt.MouseButton.LeftButton, pos=right)
    assert told == ["everything"]


def test_segments_say_what_is_chosen(level):
    level.set_current("more")
    assert level.accessibleName() == "Level: More"
    assert "Everything" in level.accessibleDescription()


def test_an_unknown_segment_is_refused(level):
    with pytest.raises(ValueError, match="nothing"):
        level.set_current("nothing")


def test_a_longer_text_widens_the_segments(level):
    before = level.sizeHint().width()
    level.set_text("more", "More than before")
    assert level.sizeHint().width() > before


@pytest.fixture
def targets(styled, qtbot):
    made = ToggleChips(["q", "k", "v", "o"], ["q", "v"])
    qtbot.addWidget(made)
    made.resize(300, 40)
    return made


def test_chips_toggle_by_mouse_and_space(targets):
    told = []
    targets.changed.connect(told.append)
    QTest.mouseClick(targets.chips["k"], Qt.MouseButton.LeftButton)
    QTest.keyClick(targets.chips["q"], Qt.Key.Key_Space)
    assert told == [["q", "k", "v"], ["k", "v"]]
    assert targets.on() == ["k", "v"]


def test_other_chips_replace_the_ones_before(targets):
    targets.set_items(["wi", "wo"], ["wo"])
    assert targets.on() == ["wo"]


def test_chips_wrap_where_they_do_not_fit(targets):
    flow = targets.layout()
    assert flow.heightForWidth(60) > flow.heightForWidth(400)


def test_a_choice_gives_keys_not_texts(styled, qtbot):
    choice = ComboBox([("lora", "LoRA"), ("ia3", "IA3")])
    qtbot.addWidget(choice)
    assert choice.key() == "lora"
    with qtbot.waitSignal(choice.chosen) as told:
        QTest.keyClick(choice, Qt.Key.Key_Down)
    assert told.args == ["ia3"]


def test_new_items_keep_the_chosen_key(styled, qtbot):
    choice = ComboBox([("lora", "LoRA"), ("ia3", "IA3")])
    qtbot.addWidget(choice)
    choice.set_key("ia3")
    choice.set_items([("bitfit", "BitFit"), ("ia3", "IA3")])
    assert choice.key() == "ia3"


def test_an_editable_choice_takes_any_text(styled, qtbot):
    choice = ComboBox([("starter", "The practice model")], editable=True)
    qtbot.addWidget(choice)
    choice.set_key("google/flan-t5-base")
    assert choice.key() == "google/flan-t5-base"
    choice.set_key("starter")
    assert choice.key() == "starter"


def test_a_fixed_choice_cannot_be_changed_by_keys(styled, qtbot):
    choice = ComboBox(["a", "b"])
    qtbot.addWidget(choice)
    choice.set_fixed(True)
    QTest.keyClick(choice, Qt.Key.Key_Down)
    assert choice.key() == "a"


def test_a_search_waits_for_a_rest_in_typing(styled, qtbot):
    field = SearchField("Search methods")
    qtbot.addWidget(field)
    told = []
    field.searched.connect(told.append)
    QTest.keyClicks(field, "lora")
    assert told == []
    qtbot.waitUntil(lambda: told == ["lora"], timeout=3000)


def test_escape_clears_a_search_at_once(styled, qtbot):
    field = SearchField("Search methods")
    qtbot.addWidget(field)
    QTest.keyClicks(field, "lora")
    with qtbot.waitSignal(field.searched) as told:
        QTest.keyClick(field, Qt.Key.Key_Escape)
    assert told.args == [""]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_a_button_with_the_keyboard_is_pressed_by_return_too_and_once(styled, qtbot, key):
    pressed = []
    button = primary("Go on")
    qtbot.addWidget(button)
    button.clicked.connect(lambda: pressed.append(1))
    qtbot.keyClick(button, key)
    assert pressed == [1]
