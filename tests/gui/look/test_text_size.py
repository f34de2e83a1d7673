"""Another text size changes the open window as a restart would, and back."""

from collections import Counter

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from gui.dialogs.settings_dialog import SettingsDialog
from gui.main_window import MainWindow
from gui.shell.device_meter import DeviceMeter
from gui.widgets.labels import Label
from tests.helpers.example_library import fill_history, fill_library

PAGES = ("data", "library", "train", "help", "computers", "arena")


def open_window(story, qtbot) -> MainWindow:
    window = story.open()
    window.resize(1700, 900)
    for table in (window.show_built("train").runs.table, window.show_built("library").table):
        qtbot.waitUntil(lambda table=table: table.rowCount() > 5)
    train = window.show_built("train")
    qtbot.waitUntil(lambda: any(each.text().endswith(" M parameters") for each in train.findChildren(Label)))
    return window


def sizes(window: MainWindow, key: str) -> Counter[tuple[str, object, int]]:
    """Return the sizes and the fonts of what is seen; the meter's figures move by themselves.

    The viewports inside Qt's own scroll areas show no text with their font.
    """
    window.show_page(key)
    for _ in range(6):
        QApplication.processEvents()
    meters = window.findChildren(DeviceMeter)
    return Counter(
        (type(each).__name__, each.size().toTuple(), each.font().pixelSize())
        for each in window.findChildren(QWidget)
        if each.isVisible()
        and each.objectName() != "qt_scrollarea_viewport"
        and not any(meter.isAncestorOf(each) for meter in meters)
    )


def choose(dialog: SettingsDialog, size: str) -> None:
    dialog.sizes.set_key(size)
    dialog.sizes.activated.emit(dialog.sizes.currentIndex())


@pytest.mark.slow("gui/look/", "gui/shell/", "gui/widgets/")
def test_the_open_window_looks_as_a_new_one_and_as_before_again(styled, story, qtbot):
    fill_library()
    fill_history()
    window, size = open_window(story, qtbot), "125"
    dialog = SettingsDialog(window.preferences, window)
    before = {key: sizes(window, key) for key in PAGES}
    choose(dialog, size)
    assert window.rail.width() == round(208 * int(size) / 100)
    changed = {key: sizes(window, key) for key in PAGES}
    anew = open_window(story, qtbot)
    for key in PAGES:
        # The new window still reads what it shows.
        qtbot.waitUntil(lambda key=key: changed[key] - sizes(anew, key) == Counter())
    choose(dialog, "100")
    for key in PAGES:
        assert sizes(window, key) == before[key], key
