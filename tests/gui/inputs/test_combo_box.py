import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox

from gui.inputs.combo_box import ComboBox

LONG = "cuda:1: NVIDIA RTX 6000 Ada Generation, 51.5 GB"


@pytest.fixture
def combo(qtbot, monkeypatch):
    # The offscreen platform warns of a popup.
    monkeypatch.setattr(QComboBox, "showPopup", lambda _: None)
    made = qtbot.add(ComboBox(["auto", ("cuda:1", LONG)], editable=True))
    made.setFixedWidth(120)
    return made


def test_a_long_text_is_shown_from_its_beginning(combo):
    line = combo.lineEdit()
    combo.set_key("cuda:1")
    assert (combo.currentText(), line.cursorPosition()) == (LONG, 0)
    combo.setItemData(1, LONG, Qt.ItemDataRole.ToolTipRole)
    assert line.cursorPosition() == 0


def test_what_is_being_typed_is_left_where_it_is_until_it_is_done(combo, monkeypatch):
    line = combo.lineEdit()
    monkeypatch.setattr(line, "hasFocus", lambda: True)
    line.setText("cuda:1")
    assert line.cursorPosition() == len("cuda:1")
    line.editingFinished.emit()
    assert line.cursorPosition() == 0


def test_the_list_is_as_wide_as_its_longest_text(combo):
    combo.showPopup()
    assert combo.view().minimumWidth() >= combo.view().sizeHintForColumn(0) > combo.width()


def test_a_shortened_choice_tells_all_of_itself_in_the_tooltip(qtbot, styled):
    choice = qtbot.add(ComboBox([("long", LONG), ("short", "s")]))
    choice.resize(120, 32)
    choice.grab()
    assert choice.toolTip() == LONG
    choice.set_key("short")
    choice.grab()
    assert choice.toolTip() == ""
    choice.setToolTip("What this is for.")
    choice.set_key("long")
    choice.grab()
    assert choice.toolTip() == "What this is for."
