import re

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from gui.core import actions
from gui.core.actions import ACTIONS, SCOPES
from gui.dialogs.shortcuts_sheet import ShortcutsSheet
from tests.helpers.repository import ROOT


def test_no_keys_are_made_or_written_beside_the_declaration():
    keys = re.compile(r"QKeySequence|QShortcut\b|\"(?:Ctrl|Alt|Shift)\+|\((?:Ctrl|Alt)\+|StandardKey")
    files = {path: path.read_text(encoding="utf-8") for path in (ROOT / "gui").rglob("*.py")}
    found = {path.relative_to(ROOT).as_posix() for path, text in files.items() if keys.search(text)}
    assert len(files) > 100
    assert found == {"gui/core/actions.py"}


def test_ids_are_unique_and_no_two_actions_have_the_same_keys_where_both_hold():
    assert len({each.id for each in ACTIONS}) == len(ACTIONS)
    assert {each.scope for each in ACTIONS} == set(SCOPES)
    for scope in SCOPES:
        keys = [one for each in (*actions.in_scope("window"), *actions.in_scope(scope)) for one in each.keys]
        if scope != "window":
            assert len(set(keys)) == len(keys), scope


@pytest.mark.parametrize("each", [each for each in ACTIONS if each.is_pressed], ids=lambda each: each.id)
def test_what_a_widget_is_told_is_known_by_its_keys(each, qapp):
    for keys in each.keys:
        key = {"Del": "Delete", "PgDown": "PageDown", "PgUp": "PageUp"}.get(keys, keys)
        event = QKeyEvent(
            QEvent.Type.KeyPress, getattr(Qt.Key, f"Key_{key}"), Qt.KeyboardModifier.KeypadModifier
        )
        assert actions.pressed(event, each.id)
        other = QKeyEvent(
            QEvent.Type.KeyPress, getattr(Qt.Key, f"Key_{key}"), Qt.KeyboardModifier.ShiftModifier
        )
        assert not actions.pressed(other, each.id)


def test_keys_press_a_button_only_while_it_can_be_pressed(styled, qtbot):
    page, button, pressed = QWidget(), QPushButton("Go &on"), []
    button.setParent(page)
    button.clicked.connect(lambda: pressed.append(1))
    qtbot.addWidget(page)
    bound = actions.bind(page, "train.start", button)
    with qtbot.waitActive(page):
        page.show()
    QTest.keyClick(page, Qt.Key.Key_F5)
    button.hide()
    QTest.keyClick(page, Qt.Key.Key_F5)
    button.show()
    button.setEnabled(False)
    QTest.keyClick(page, Qt.Key.Key_F5)
    assert pressed == [1]
    assert not bound.is_possible()
    assert bound.title() == "Go &on"


def _listed(sheet):
    return [each.id for each in sheet.table.items()]


def test_the_sheet_lists_every_action_and_is_searched_by_action_key_and_place(styled, qtbot):
    sheet = qtbot.show(ShortcutsSheet("playground"))
    assert sorted(_listed(sheet)) == sorted(each.id for each in ACTIONS)
    places = list(dict.fromkeys(name.partition(".")[0] for name in _listed(sheet)))
    assert places[:2] == ["window", "playground"]
    sheet.search.searched.emit("ctrl+k")
    assert _listed(sheet) == ["window.find"]
    sheet.search.searched.emit("queue earlier")
    assert _listed(sheet) == ["queue.earlier"]
