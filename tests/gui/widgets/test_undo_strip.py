import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget

from gui.widgets.cards import UndoStrip

LONG = "Moved the adapter to the trash, with everything that was learned on all those conversations. " * 6


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


@pytest.mark.usefixtures("styled")
def test_a_message_covers_nothing_and_leaves_no_gap(story):
    window, plans = story.open("library"), []
    window.manager.planner.planned.connect(plans.append)
    for key in ("library", "arena", "compare", "playground", "train"):
        page = window.show_built(key)
        if key == "compare":
            page.show_tab("votes")
        strip = page.right.notice if key == "train" else next(iter(page.findChildren(UndoStrip)))
        if key == "train":
            # It lays out the form again.
            story.until(lambda: plans)
        assert not isinstance(strip.parent(), QStackedWidget), "a stack shows one of its children alone"
        for width in (1440, 1024):
            window.resize(width, 700)
            settle()
            before = {each: place(each, page) for each in page.findChildren(QWidget) if each.isVisible()}
            if key in {"arena", "train"}:
                last = page.body.itemAt(page.body.count() - 2)
                assert last.geometry().bottom() == page.content.rect().bottom()
            strip.offer(LONG, lambda: None)
            settle()
            assert page.rect().contains(place(strip, page))
            assert strip.height() >= strip.heightForWidth(strip.width())
            assert covered(page, strip) == [], key
            assert place(page.header, page) == before[page.header]
            strip.dismiss()
            settle()
            assert {each: place(each, page) for each in before} == before, key

    # The train page's is seen beside the recipe and beside the methods, and can be closed.
    for show in (page.right.show_methods, page.right.show_recipe):
        show()
        page.say("A run is using the device.", "Download and start")
        settle()
        assert not page.right.notice.visibleRegion().isEmpty()
    page.right.notice.close_button.click()
    assert not page.right.notice.isVisible()
