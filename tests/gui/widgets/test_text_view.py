import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFont, QGuiApplication, QTextCursor
from PySide6.QtTest import QTest

from gui.look import style
from gui.look.fonts import BODY_PITCH, READING_PITCH
from gui.widgets.text_view import Mark, TextView, Turn

TURNS = [Turn("Leila", "Morning!\nIs it late?"), Turn("أحمد", "Oh no."), Turn("", "2 more turns")]


@pytest.fixture
def view(styled, qtbot) -> TextView:
    return qtbot.place(TextView(), 400, 300)


def copied(view: TextView, start: int, end: int) -> str:
    cursor = view.textCursor()
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    view.setTextCursor(cursor)
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    return QGuiApplication.clipboard().text()


def look_at(view: TextView, position: int):
    cursor = view.textCursor()
    cursor.setPosition(position + 1)
    return cursor.charFormat()


def test_the_height_is_whole_lines(view):
    view.set_text("one two three four five six seven eight nine ten")
    assert view.heightForWidth(2000) == READING_PITCH
    assert view.heightForWidth(120) % READING_PITCH == 0
    assert view.heightForWidth(120) > 2 * READING_PITCH
    hint = TextView.from_markup("some words that go on and on until they need another line")
    assert hint.heightForWidth(2000) == BODY_PITCH
    assert hint.heightForWidth(150) >= 2 * BODY_PITCH


def test_a_sentence_is_selected_by_the_mouse_and_copied(view):
    view.set_text("Tom is late. Ann waits.")
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(0, 10))
    QTest.mouseMove(view.viewport(), QPoint(390, 10))
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(390, 10))
    assert view.textCursor().selectedText() == "Tom is late. Ann waits."
    assert copied(view, 0, 12) == "Tom is late."


def test_a_selection_lasts_while_the_text_grows_and_the_caret_is_not_copied(view):
    view.set_streaming(True)
    view.set_text("Tom is")
    assert copied(view, 0, view.document().characterCount() - 1) == "Tom is"
    copied(view, 0, 3)
    view.set_text("Tom is late.")
    assert view.textCursor().selectedText() == "Tom"


def test_marks_stand_at_python_positions_and_are_told_by_more_than_colour(view):
    view.set_text("😀 Tom is late", [Mark(2, 3, "new"), Mark(9, 4, "attention")])
    assert view.marks() == (Mark(2, 3, "new"), Mark(9, 4, "attention"))
    assert look_at(view, 3).background().color() == style.color("accent_soft")
    late = look_at(view, 10)
    assert late.fontUnderline()
    assert late.fontWeight() == QFont.Weight.Medium
    assert not look_at(view, 7).fontUnderline()


def test_strong_parts_are_semibold_and_other_markup_is_text(styled, qtbot):
    label = qtbot.add(TextView.from_markup("Trains <b>3,538,944</b> of <i>all</i>"))
    assert label.text() == "Trains 3,538,944 of <i>all</i>"
    [strong] = label.marks()
    assert label.text()[strong.start : strong.start + strong.length] == "3,538,944"
    assert look_at(label, strong.start).fontWeight() == QFont.Weight.DemiBold


def test_turns_are_copied_with_their_names(view):
    view.set_turns(TURNS)
    assert view.turns() == TURNS
    everything = copied(view, 0, view.document().characterCount() - 1)
    assert everything == "Leila: Morning!\nIs it late?\nأحمد: Oh no.\n2 more turns"
    assert copied(view, 6, 14) == "Morning!"


def test_a_cut_adds_a_line_and_dims_what_is_behind_it(view):
    view.set_turns(TURNS)
    short = view.heightForWidth(300)
    view.set_turns(TURNS, 1, "16 tokens, the rest is cut")
    assert view.heightForWidth(300) > short
    text = view.toPlainText()
    assert "16 tokens, the rest is cut" in text
    for said, token in (("Morning", "text"), ("Oh no", "hint")):
        assert look_at(view, text.index(said)).foreground().color() == style.color(token)


def test_a_right_to_left_turn_has_its_speaker_at_the_right_and_stays_in_view(view):
    view.set_turns([*TURNS, Turn("Tom", "شكرا جزيلا لك على المساعدة في هذا الأمر " * 3)])
    first, last = view.document().firstBlock(), view.document().lastBlock()
    assert first.layout().lineAt(0).cursorToX(0)[0] < 50
    assert last.textDirection() == Qt.LayoutDirection.RightToLeft
    assert view.horizontalScrollBar().maximum() == 0


def test_the_colours_follow_the_scheme(styled, view):
    view.set_text("Tom")
    style.apply(styled, "dark")
    assert look_at(view, 0).foreground().color() == style.color("text")
    assert view.text() == "Tom"
