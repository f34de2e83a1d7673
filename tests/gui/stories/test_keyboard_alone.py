"""From the first start to one's own adapter beside the base model, without a mouse."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.adapters.metadata import BaseModelFacts
from tests.helpers.homes import add_adapter

MAX_TABS = 60
CONVERSATION = "Leila: the venue offers Thursday 21st\nTom: ok, at 16:30"
CONTROL, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier


def press(key, modifier=NONE):
    QTest.keyClick(QApplication.focusWidget() or QApplication.activeWindow(), key, modifier)


def tab_to(text):
    """Go on by Tab until a control with this text has the keyboard."""
    for _ in range(MAX_TABS):
        if getattr(QApplication.focusWidget(), "text", str)() == text:
            return
        press(Qt.Key.Key_Tab)
    raise AssertionError(f"{text!r} is not reached by Tab")


@pytest.mark.slow("gui/core/", "gui/pages/welcome/", "gui/pages/playground/", "gui/shell/")
def test_from_the_first_start_to_ones_own_adapter_in_the_playground(story, qtbot):
    window, runs = story.open(guides=True), []
    window.manager.run_ended.connect(runs.append)
    # The guide: every step as it is.
    while window.current_key() == "welcome":
        QTest.qWait(50)
        press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(runs))
    assert runs[0].state.outcome == "completed"
    # A scripted worker tells of an adapter and makes none.
    add_adapter("mine", base_model=BaseModelFacts(id="starter", family="encoder-decoder"))
    window.manager.adapters_changed.emit()

    press(Qt.Key.Key_4, CONTROL)
    assert window.current_key() == "library"
    qtbot.waitUntil(lambda: window.built("library").table.rowCount() > 0)
    tab_to("Try in playground")
    press(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.current_key() == "playground")

    page = window.built("playground")
    QGuiApplication.clipboard().setText(CONVERSATION)
    press(Qt.Key.Key_V, CONTROL)
    qtbot.waitUntil(page.summarise_button.isEnabled)
    press(Qt.Key.Key_Return, CONTROL)
    qtbot.waitUntil(lambda: summaries(page) is not None)
    assert all(summaries(page))


def summaries(page):
    """Return what base and adapter wrote, None before both have ended."""
    columns = [page.controller.results.column(key) for key in (None, "mine")]
    if not all(each is not None and each.status == "finished" for each in columns):
        return None
    return [each.text for each in columns]
