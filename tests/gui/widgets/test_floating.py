"""What comes and goes by itself moves nothing on a page."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QStackedWidget, QVBoxLayout, QWidget

from gui.core.preferences import Preferences
from gui.main_window import MainWindow
from gui.pages.train.content_pane import ContentPane
from gui.widgets.floating import MARGIN, float_over
from gui.widgets.undo_strip import UndoStrip
from tests.helpers.scripted_manager import end, scripted_manager

LONG = "Moved the adapter to the trash, with everything that was learned on all those conversations. " * 6


@pytest.fixture
def page(styled, qtbot):
    made = QWidget()
    column = QVBoxLayout(made)
    column.addWidget(QLabel("content"))
    made.resize(500, 400)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def window(styled, qtbot, home):
    manager = scripted_manager(lambda _job: [])
    made = MainWindow(manager, Preferences())
    made.resize(1440, 900)
    qtbot.addWidget(made)
    made.show()
    yield made
    end(manager)


def test_a_long_text_fits_above_the_bottom_and_follows_the_page(page):
    strip = UndoStrip()
    float_over(strip, page)
    assert strip.isHidden()
    for width, height in ((500, 400), (300, 500), (900, 300)):
        page.resize(width, height)
        strip.offer(LONG)
        QApplication.processEvents()
        assert page.rect().contains(strip.geometry())
        assert strip.geometry().bottom() == height - MARGIN - 1
        assert strip.height() >= strip.heightForWidth(strip.width())


def places(content: QWidget, strip: QWidget) -> dict[QWidget, object]:
    """Return where all visible widgets of a page are but the strip and its parts, once they have settled."""
    for _ in range(5):
        QApplication.processEvents()
    return {
        each: each.geometry()
        for each in content.findChildren(QWidget)
        if each.isVisible() and each is not strip and not strip.isAncestorOf(each)
    }


@pytest.mark.parametrize("key", ["history", "library", "arena", "blind", "playground"])
def test_an_undo_moves_nothing_on_its_page(key, window):
    page = window.show_built(key)
    strip = next(iter(page.findChildren(UndoStrip)))
    if isinstance(strip.parent(), QStackedWidget):
        pytest.fail("a stack shows one of its children alone")
    before = places(page, strip)
    strip.offer(LONG, lambda: None)
    assert strip.isVisible()
    assert places(page, strip) == before
    strip.dismiss()
    assert places(page, strip) == before


def test_a_message_of_the_train_page_is_seen_on_either_side_of_a_narrow_window(window):
    window.resize(1024, 700)
    page = window.show_built("train")
    QApplication.processEvents()
    for side in ("recipe", "run", "recipe"):
        page.buttons.sides.set_current(side)
        page.say("A run is training and holds the device.")
        QApplication.processEvents()
        assert page.right.notice.isVisible()
        assert not page.right.notice.visibleRegion().isEmpty()


def test_a_message_of_the_train_page_moves_nothing_and_can_be_closed(styled, qtbot, home):
    manager = scripted_manager(lambda _job: [])
    pane = ContentPane(manager, Preferences())
    qtbot.addWidget(pane)
    pane.resize(900, 700)
    pane.show()
    before = places(pane, pane.notice)
    pane.say(LONG, "Download and start")
    assert pane.notice.isVisible()
    assert places(pane, pane.notice) == before
    pane.notice.close_button.click()
    assert not pane.notice.isVisible()
    end(manager)
