"""A walk over all pages and dialogs: what can be used has a name, a role, a description and a visible focus."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from engine.api import describe
from gui.dialogs.disk_dialog import DiskDialog
from gui.dialogs.settings_dialog import SettingsDialog
from gui.dialogs.shortcuts_sheet import ShortcutsSheet
from gui.graphics.drawing import Drawing
from gui.graphics.histogram import Histogram
from gui.inputs.number_inputs import SliderSpin
from gui.main_window import MainWindow
from gui.plots.chart import Chart
from gui.shell.rooms import VIEWS
from tests.helpers.background import wait_for
from tests.helpers.whole_window import fill_home, leave, make_window

Role = QAccessible.Role
# What a screen reader knows how to tell of something that can be used.
USABLE = {
    Role.Button, Role.ButtonMenu, Role.CheckBox, Role.RadioButton, Role.ComboBox, Role.SpinBox, Role.Slider,
    Role.EditableText, Role.StaticText, Role.Table, Role.List, Role.Chart,
}  # fmt: skip
DRAWN = {Histogram: Role.Slider, Chart: Role.Chart, Drawing: Role.Graphic}


@pytest.fixture
def window(styled, qtbot, home):
    fill_home()
    made = qtbot.show(make_window())
    made.built("train").panel.set_level("advanced")
    yield made
    leave(made)


def usable(root: QWidget) -> list[QWidget]:
    """Return all that takes the keyboard's focus, shown or not; not what Qt hides inside its own controls.

    What is hidden and says nothing yet is left out: it gets its text before it is shown.
    """
    found = [each for each in root.findChildren(QWidget) if each.focusPolicy() & Qt.FocusPolicy.TabFocus]
    return [each for each in found if not is_inner(each) and not is_blank(each)]


def is_inner(each: QWidget) -> bool:
    parent = each.parentWidget()
    return (
        each.objectName().startswith("qt_")
        or isinstance(parent, (QAbstractSpinBox, QComboBox))
        or (isinstance(parent, QAbstractScrollArea) and each is parent.viewport())
        or any(kind.__name__ == "QComboBoxPrivateContainer" for kind in type(parent).__mro__)
        or parent.metaObject().className() == "QComboBoxPrivateContainer"
    )


def is_blank(each: QWidget) -> bool:
    return isinstance(each, (QPushButton, QLabel)) and not each.isVisible() and not each.text()


def accessible_text(each: QWidget, text: QAccessible.Text = QAccessible.Text.Name) -> str:
    return QAccessible.queryAccessibleInterface(each).text(text)


def role_of(each: QWidget) -> QAccessible.Role:
    return QAccessible.queryAccessibleInterface(each).role()


def described(each: QWidget) -> str:
    kind, parent = type(each).__name__, type(each.parentWidget()).__name__
    return f"{kind} in {parent}: {accessible_text(each)!r}, {role_of(each).name}"


def walk(window: MainWindow) -> list[QWidget]:
    pages = [window.show_built(key) for key in VIEWS]
    disk = DiskDialog(window.checkpoint_cleanup, window)
    sheets = [SettingsDialog(window.preferences, window), ShortcutsSheet("", window)]
    found = [each for root in (*pages, *sheets, disk, window.rail) for each in usable(root)]
    wait_for(disk)
    return found


@pytest.mark.slow("gui/")
def test_everything_that_can_be_used_has_a_name_a_role_a_description_and_a_focus_that_is_seen(window):
    QApplication.setCursorFlashTime(0)
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Shift)
    lost = []
    for key in VIEWS:
        page = window.show_built(key)
        QTest.qWait(100)
        seen = [
            each for each in usable(page) if each.isVisible() and each.isEnabled() and not each.focusProxy()
        ]
        lost += [
            described(each) for each in seen if not isinstance(each, QLabel) and not shows_focus(window, each)
        ]
    assert lost == []

    found = walk(window)
    assert len(found) > 200
    assert [described(each) for each in found if not accessible_text(each).strip()] == []
    assert [described(each) for each in found if role_of(each) not in USABLE] == []
    explained = [each for each in found if each.toolTip() not in {"", accessible_text(each)}]
    assert len(explained) > 10
    assert [
        described(each) for each in explained if not accessible_text(each, QAccessible.Text.Description)
    ] == []
    for kind, role in DRAWN.items():
        drawn = window.findChildren(kind)
        assert drawn
        assert {role_of(each) for each in drawn} == {role}, kind
    for pair in window.built("train").findChildren(SliderSpin):
        names = {accessible_text(pair.slider), accessible_text(pair.spin)} - {""}
        assert len(names) == 2

    form = window.built("train").panel.form
    fields = [form.field(f"training.{info.name}") for info in describe(type(form.recipe().training))]
    assert len(fields) > 15
    for field in fields:
        assert field.info.help in accessible_text(field.control.widget, QAccessible.Text.Description)


def shows_focus(window: MainWindow, each: QWidget) -> bool:
    """Tell whether a control looks different while it has the focus that Tab gave it."""
    window.setFocus()
    before = each.grab().toImage()
    each.setFocus(Qt.FocusReason.TabFocusReason)
    if isinstance(each, QLineEdit):
        each.deselect()
    return not each.hasFocus() or each.grab().toImage() != before
