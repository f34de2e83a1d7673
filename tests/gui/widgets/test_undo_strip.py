"""A message has a place of its own while it is shown, and covers nothing."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget

from gui.core.preferences import Preferences
from gui.main_window import MainWindow
from gui.widgets.undo_strip import UndoStrip
from tests.helpers.scripted_manager import end, scripted_manager

LONG = "Moved the adapter to the trash, with everything that was learned on all those conversations. " * 6


@pytest.fixture
def window(styled, qtbot, home):
    manager = scripted_manager(lambda _job: [])
    made = MainWindow(manager, Preferences())
    made.resize(1440, 900)
    qtbot.addWidget(made)
    made.show()
    yield made
    end(manager)


def settle() -> None:
    for _ in range(5):
        QApplication.processEvents()


def place(widget: QWidget, page: QWidget) -> QRect:
    return QRect(widget.mapTo(page, QPoint(0, 0)), widget.size())


def seen(widget: QWidget, page: QWidget) -> QRect:
    """Return where a widget is on its page, without what scrolls out of its parents."""
    found = place(widget, page)
    for parent in _parents(widget):
        if parent is page:
            return found
        found &= place(parent, page)
    return found


def covered(page: QWidget, strip: QWidget) -> list[QWidget]:
    """Return the visible widgets beside a strip that it would cover."""
    around = _parents(strip)
    return [
        each
        for each in page.findChildren(QWidget)
        if each.isVisible()
        and each not in around
        and each is not strip
        and not strip.isAncestorOf(each)
        and seen(each, page).intersects(place(strip, page))
    ]


def _parents(widget: QWidget) -> list[QWidget]:
    parent = widget.parentWidget()
    return [] if parent is None else [parent, *_parents(parent)]


@pytest.mark.parametrize("width", [1440, 1024])
@pytest.mark.parametrize("key", ["history", "library", "arena", "blind", "playground", "train"])
def test_a_message_covers_nothing_and_leaves_no_gap(key, width, window):
    page = window.show_built(key)
    window.resize(width, 700)
    strip = page.right.notice if key == "train" else next(iter(page.findChildren(UndoStrip)))
    assert not isinstance(strip.parent(), QStackedWidget), "a stack shows one of its children alone"
    settle()
    before = {each: place(each, page) for each in page.findChildren(QWidget) if each.isVisible()}
    if key in {"arena", "blind", "train"}:
        assert page.body.itemAt(page.body.count() - 2).geometry().bottom() == page.content.rect().bottom()
    strip.offer(LONG, lambda: None)
    settle()
    assert page.rect().contains(place(strip, page))
    assert strip.height() >= strip.heightForWidth(strip.width())
    assert covered(page, strip) == []
    assert place(page.header, page) == before[page.header]
    strip.dismiss()
    settle()
    assert {each: place(each, page) for each in before} == before


def test_a_message_of_the_train_page_is_seen_on_either_side_of_a_narrow_window(window):
    window.resize(1024, 700)
    page = window.show_built("train")
    for side in ("recipe", "run", "recipe"):
        page.buttons.sides.set_current(side)
        page.say("A run is training and holds the device.")
        settle()
        assert not page.right.notice.visibleRegion().isEmpty()


def test_a_message_of_the_train_page_can_be_closed(window):
    page = window.show_built("train")
    page.say(LONG, "Download and start")
    assert page.right.notice.isVisible()
    page.right.notice.close_button.click()
    assert not page.right.notice.isVisible()
