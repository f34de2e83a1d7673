import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QHBoxLayout, QLineEdit, QWidget

from gui.inputs.choices import ToggleChips
from gui.look.focus_rim import has_rim
from gui.widgets.buttons import Button, IconButton, plain


class Form(QWidget):
    """Controls of several kinds, and the ways to use them that reach a window from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.trash = plain("First"), plain("Second"), IconButton("trash", "Trash")
        self.chips = ToggleChips([("a", "A")], ["a"])
        self.field = QLineEdit()
        row = QHBoxLayout(self)
        for part in (self.first, self.second, self.trash, self.chips, self.field):
            row.addWidget(part)

    def click(self, part: QWidget) -> None:
        at = part.mapTo(self.window(), part.rect().center())
        QTest.mouseClick(self.windowHandle(), Qt.MouseButton.LeftButton, pos=at)

    def press(self, key: Qt.Key) -> None:
        QTest.keyClick(self.windowHandle(), key)


@pytest.fixture
def form(styled, qtbot):
    made = qtbot.show(Form())
    made.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWindow() is made.windowHandle())
    yield made
    made.press(Qt.Key.Key_Shift)


def looks(part: QWidget) -> object:
    return part.grab().toImage()


def test_keys_show_a_rim_and_a_click_hides_it_except_that_of_a_field(form):
    form.second.setFocus()
    form.click(form.first)
    QTest.mouseMove(form.windowHandle(), QPoint(0, 0))
    assert not has_rim(form.first)
    plainly, field = looks(form.second), looks(form.field)
    form.press(Qt.Key.Key_Tab)
    assert form.second.hasFocus()
    assert has_rim(form.second)
    assert looks(form.second) != plainly
    form.click(form.field)
    assert looks(form.second) == plainly
    assert looks(form.field) != field
    form.click(form.second)
    assert not has_rim(form.second)
    form.press(Qt.Key.Key_Shift)
    assert has_rim(form.second)


def test_the_focus_that_falls_on_the_trash_when_a_button_goes_is_not_seen(form):
    unseen = looks(form.trash)
    form.click(form.second)
    form.second.hide()
    assert form.trash.hasFocus()
    assert looks(form.trash) == unseen


def test_a_page_shows_no_rim_when_it_is_clicked_or_reached_by_its_keys_until_tab(story, qtbot):
    window = story.open()
    qtbot.waitUntil(lambda: QApplication.focusWindow() is window.windowHandle())
    QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, pos=QPoint(700, 30))
    for page in ("library", "data"):
        window.show_page(page)
        assert [each for each in window.findChildren(Button) if each.property("rim")] == []
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Shift)
    window.show_built("train").panel.start_button.setFocus()
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    page = window.built(window.current_key())
    assert not [each for each in window.findChildren(QAbstractButton) if has_rim(each)]
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Tab)
    assert page.isAncestorOf(window.focusWidget())
