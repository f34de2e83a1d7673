import pytest
from PySide6.QtCore import QMargins, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from engine.api import MemoryFallback
from gui.widgets import cards
from gui.widgets.buttons import Button, make_menu, plain, primary
from gui.widgets.cards import EmptyState, ErrorCard, FallbackRow, NoticeStrip, UndoStrip

PLANS = [
    MemoryFallback({"training.micro_batch_tokens": 4096}, 7_700_000_000, -0.38, 0.06, (8, 4), 8),
    MemoryFallback({"training.activation_checkpointing": True}, 6_000_000_000, -0.5, None, (8, 8), 8),
]


def _button(widget, text):
    return next(button for button in widget.findChildren(Button) if button.text() == text)


@pytest.fixture
def card(styled, qtbot):
    made = ErrorCard(
        "Out of memory at step 212", "Nothing is <b>lost</b>.", PLANS, "Continue", "Probe", "End", "Show log"
    )
    qtbot.addWidget(made)
    return made


def test_the_first_plan_is_chosen_and_each_button_has_its_signal(card, qtbot):
    assert card.accessibleDescription() == "Nothing is lost."
    assert "7.7 GB" in card.findChildren(FallbackRow)[0].accessibleName()
    assert [b.text() for b in card.findChildren(Button) if b.property("kind") == "primary"] == ["Continue"]
    assert card.chosen() == 0
    QTest.mouseClick(card.findChildren(FallbackRow)[1], Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(card.accepted) as told:
        _button(card, "Continue").click()
    assert told.args == [1]
    for text, signal in (("Probe", card.second), ("End", card.ended), ("Show log", card.linked)):
        with qtbot.waitSignal(signal):
            _button(card, text).click()
    plain_card = qtbot.add(ErrorCard("The run failed", "The log says why.", link_text="Show log"))
    assert plain_card.chosen() == -1
    assert not plain_card.findChildren(FallbackRow)


def test_a_notice_has_no_button_without_an_action(styled, qtbot):
    strip = qtbot.add(NoticeStrip("Only words."))
    assert not strip.action_button().isVisibleTo(strip)
    strip.show_notice("Moved.", "Undo")
    with qtbot.waitSignal(strip.acted):
        strip.action_button().click()


def test_a_long_notice_is_not_cut(styled, qtbot):
    page = qtbot.add(QWidget())
    column = QVBoxLayout(page)
    strip = NoticeStrip(
        "A notice with many words that has to go over several lines. " * 3, "Raise the cap", "warning"
    )
    column.addWidget(strip)
    column.addStretch(1)
    page.resize(260, 600)
    page.grab()
    assert strip.height() >= strip.layout().totalHeightForWidth(strip.width())


def test_undo_is_offered_once_replaced_or_dismissed(styled, qtbot):
    strip = qtbot.add(UndoStrip())
    undone = []
    strip.offer("Moved samsum-prefix-20 to the trash.", lambda: undone.append(1))
    strip.action_button().click()
    strip.action_button().click()
    assert undone == [1]
    assert strip.isHidden()
    strip.offer("Moved one to the trash.", lambda: undone.append("one"))
    strip.offer("Moved two to the trash.", lambda: undone.append("two"))
    strip.close_button.click()
    assert strip.isHidden()
    strip.acted.emit()
    assert undone == [1]


@pytest.fixture
def page(styled, qtbot):
    return qtbot.add(QWidget())


@pytest.fixture
def strip(page, qtbot, monkeypatch):
    """A strip on a page, that leaves at once."""
    assert cards.SHOWN_MILLISECONDS == 10_000
    monkeypatch.setattr(cards, "SHOWN_MILLISECONDS", 1)
    column = QVBoxLayout(page)
    field, made = QLineEdit(), UndoStrip()
    for part in (field, made):
        column.addWidget(part)
    page.show()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    return made


@pytest.mark.parametrize("undo", [None, lambda: None])
def test_what_was_done_is_said_for_ten_seconds(strip, qtbot, undo):
    strip.offer("Moved one to the trash.", undo)
    qtbot.waitUntil(strip.isHidden)


def test_a_strip_in_use_and_a_question_stay(strip):
    QTest.keyClick(strip.window().windowHandle(), Qt.Key.Key_Shift)
    strip.offer("Moved one to the trash.", lambda: None)
    strip.action_button().setFocus(Qt.FocusReason.TabFocusReason)
    strip.leave()
    assert strip.isVisible()
    assert strip.clock.isActive()
    strip.offer("Delete it for good?", lambda: None, "Delete permanently", stays=True)
    assert not strip.clock.isActive()


def test_an_empty_state_names_what_is_missing(styled, qtbot):
    empty = EmptyState(
        "library", "No adapters yet", "Train one.", [primary("New run"), plain("Import…")], card=True
    )
    qtbot.addWidget(empty)
    assert empty.accessibleName() == "No adapters yet"
    assert empty.accessibleDescription() == "Train one."


# The offscreen platform has no keyboard to grab.
@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_a_menu_keeps_a_margin_to_every_edge(styled, qtbot):
    page = qtbot.show(QWidget())
    room = page.screen().availableGeometry()
    menu = make_menu(page, [QAction("Open"), QAction("Delete permanently")])
    for corner in (room.topLeft(), room.topRight(), room.bottomLeft(), room.bottomRight()):
        menu.popup(corner)
        assert room.marginsRemoved(QMargins(15, 15, 15, 15)).contains(menu.geometry())
        menu.close()
