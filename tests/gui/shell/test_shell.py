"""The window's frame: pages, keys, folding, badges, the device, and its place on the screen."""

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from gui.look import style
from gui.shell.device_meter import DeviceMeter
from gui.shell.page import Page
from gui.shell.rooms import ROOMS
from gui.shell.window import DEFAULT, ShellWindow
from tests.helpers.layout_problems import layout_problems


class MemorySettings:
    def __init__(self):
        self.texts = {}

    def get(self, key):
        return self.texts.get(key)

    def set(self, key, value):
        self.texts[key] = value


class RecordingPage(Page):
    """A page that remembers what it was told."""

    def __init__(self, title):
        super().__init__(title)
        self.body.addWidget(QLabel(title))
        self.widths = []
        self.times_shown = 0

    def adapt(self, width):
        self.widths.append(width)

    def shown(self):
        self.times_shown += 1


class Shell(ShellWindow):
    """A window with empty pages."""

    def make_page(self, key):
        return RecordingPage(key.capitalize())


@pytest.fixture
def window(styled, qtbot):
    made = qtbot.add(Shell())
    made.show_page("data")
    made.show()
    return made


def tabs_of(window):
    """Return the texts of the tabs on the screen, and the one in front."""
    bar = window.tabs.bar
    texts = [bar.tabText(at) for at in range(bar.count())] if bar.isVisible() else []
    return texts, bar.tabText(bar.currentIndex())


def test_clicks_in_the_rail_keys_and_tabs_bring_views_and_a_room_keeps_the_last_one(window, qtbot):
    assert window.rail.keys() == [key for key, room in ROOMS.items() if room.in_rail]
    assert window.rail.item("library").name == "Library"
    assert window.current_key() == "data"
    assert window.built("data").times_shown == 1
    assert tabs_of(window) == (["Data sets", "Write summaries"], "Data sets")
    # It starts without a focus rim.
    assert not window.rail.isAncestorOf(window.focusWidget())
    with qtbot.waitSignal(window.page_shown) as told:
        QTest.mouseClick(window.rail.item("train"), Qt.MouseButton.LeftButton)
    assert told.args == ["train"]
    assert window.rail.item("train").isChecked()
    assert not window.rail.item("conversations").isChecked()

    bar = window.tabs.bar
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(1).center())
    assert window.current_key() == "arena"
    assert window.built("arena").times_shown == 1
    QTest.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert window.current_key() == "library"
    QTest.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert (window.current_key(), tabs_of(window)[1]) == ("arena", "Compare methods")
    for key in ("train", "arena", "train"):
        QTest.keyClick(window, Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
        assert window.current_key() == key
    bar.setFocus()
    QTest.keyClick(bar, Qt.Key.Key_Right)
    assert window.current_key() == "arena"
    assert bar.hasFocus()

    # A room of one view has no tabs, and one outside the rail no item there.
    window.show_page("playground")
    assert tabs_of(window)[0] == []
    window.show_page("doctor")
    assert tabs_of(window) == (["This computer", "Other computers"], "This computer")
    assert not any(window.rail.item(key).isChecked() for key in ROOMS if ROOMS[key].in_rail)


def test_tab_goes_down_the_rail_and_to_the_tabs_of_the_room(window):
    window.rail.set_device("Card", "cuda:0", 1e9, 2e9, 0.5)
    order, widget = [], window.rail.item("conversations")
    for _ in range(8):
        order.append(widget.accessibleName().partition(" ")[0])
        widget = widget.nextInFocusChain()
        while not widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            widget = widget.nextInFocusChain()
    rooms = ["Conversations", "Train", "Library", "Playground"]
    assert order == [*rooms, "Card", "Settings", "Help", "Conversations"]


def test_the_rail_folds_below_1200_and_for_larger_text_and_pages_are_told(window, styled):
    window.resize(1440, 900)
    assert not window.rail.is_folded()
    wide = window.rail.width()
    window.resize(1100, 800)
    assert window.rail.is_folded()
    assert window.rail.width() < wide
    assert window.rail.item("train").toolTip() == "Train"
    assert window.built("data").widths[-1] == 1100
    window.resize(1440, 900)
    style.apply(styled, "light", 2.0)
    assert window.rail.is_folded()
    style.apply(styled, "light", 1.0)
    assert not window.rail.is_folded()


def test_badges_and_the_device_are_said_and_settings_and_help_are_at_the_foot(window, qtbot):
    rail = window.rail
    rail.set_badge("train", "62 %", busy=True)
    assert rail.item("train").badge == "62 %"
    assert rail.item("train").accessibleName() == "Train 62 %"
    rail.set_badge("train", "")
    assert rail.item("train").accessibleName() == "Train"
    meter = rail.findChild(DeviceMeter)
    rail.set_device("RTX 4070", "cuda:0", 5.9e9, 12e9, 0.96)
    assert meter.accessibleName() == "RTX 4070 cuda:0, memory 5.9 of 12.0 GB, load 96\u00a0%"
    # Little of much stands in the same unit: in two it is too wide for the rail.
    rail.set_device("CPU", "cpu", 7.543e8, 2.53e10, 0.34)
    assert "memory 0.8 of 25.3 GB" in meter.accessibleName()
    rail.set_device("CPU", "cpu", None, None, None)
    assert "–" in meter.accessibleName()
    with qtbot.waitSignal(rail.settings_wanted):
        QTest.mouseClick(rail.settings, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(rail.help_wanted):
        QTest.mouseClick(rail.help, Qt.MouseButton.LeftButton)


def test_the_place_is_kept_where_it_is_told_to_and_an_unreadable_one_passed_over(styled, qtbot):
    settings = MemorySettings()
    settings.set("window_geometry", "no geometry")
    first = qtbot.add(ShellWindow(settings))
    assert first.size() == DEFAULT
    assert first.minimumSize() == QSize(1024, 700)
    first.resize(1300, 800)
    first.close()
    second = qtbot.add(ShellWindow(settings))
    assert second.size() != DEFAULT  # a screen smaller than the window trims it, but it is not the first size


def test_a_header_shows_state_in_words_and_a_dot(window):
    header = window.built("data").header
    header.set_title("SAMSum")
    header.set_subtitle("Training. Next evaluation at step 1,078", "accent")
    assert window.built("data").title() == "SAMSum"
    assert header.subtitle().startswith("Training")
    assert header.dot.isVisibleTo(header)
    header.set_subtitle("Saved")
    assert not header.dot.isVisibleTo(header)


def test_the_rails_items_do_not_overlap_in_a_low_window_with_large_text(window, styled):
    style.apply(styled, "light", 2.0)
    window.rail.set_device("CPU", "cpu", 2e9, 2e10, 0.3)
    window.setMinimumHeight(0)
    window.resize(1024, 640)
    QTest.qWait(50)
    assert layout_problems(window.rail) == []


def test_right_to_left_mirrors_the_rail(window, qtbot):
    window.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    qtbot.waitUntil(lambda: window.rail.geometry().left() > 0)
    window.rail.set_badge("train", "62 %", busy=True)
    assert not window.grab().isNull()
