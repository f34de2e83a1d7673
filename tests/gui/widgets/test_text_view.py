"""Reading text: marks stand where they should, and text from data is never markup."""

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter

from gui.look import style
from gui.look.fonts import READING_PITCH
from gui.look.tokens import LIGHT
from gui.widgets.text_view import ConversationView, Mark, ReadingText, Turn, laid_out


def _colors(widget):
    image = widget.grab().toImage()
    return {
        image.pixelColor(x, y).name().upper() for x in range(image.width()) for y in range(image.height())
    }


@pytest.mark.parametrize(("kind", "token"), [("new", "accent_soft"), ("attention", "copper")])
def test_a_mark_is_drawn_in_its_colour(styled, qtbot, kind, token):
    text = ReadingText("They offer the 21st", [Mark(5, 5, kind)])
    qtbot.addWidget(text)
    text.resize(300, 40)
    assert getattr(LIGHT, token) in _colors(text)
    text.set_text("They offer the 21st")
    assert getattr(LIGHT, token) not in _colors(text)


def test_the_caret_shows_only_while_streaming(styled, qtbot):
    text = ReadingText("asks")
    qtbot.addWidget(text)
    text.resize(300, 40)
    assert LIGHT.accent not in _colors(text)
    text.set_streaming(True)
    assert LIGHT.accent in _colors(text)


def test_the_height_is_whole_lines(styled, qtbot):
    text = ReadingText("one two three four five six seven eight nine ten")
    qtbot.addWidget(text)
    assert text.heightForWidth(2000) == READING_PITCH
    assert text.heightForWidth(120) % READING_PITCH == 0
    assert text.heightForWidth(120) > 2 * READING_PITCH


def test_markup_in_data_is_text(styled, qtbot):
    text = ReadingText("<b>bold</b> & <img src=x>")
    qtbot.addWidget(text)
    assert laid_out(text.text(), "reading", 500).text() == "<b>bold</b> & <img src=x>"


def test_marks_count_characters_not_code_units(styled, qtbot):
    words = "😀😀 here"
    text = ReadingText(words, [Mark(words.index("here"), 4)])
    qtbot.addWidget(text)
    text.resize(300, 30)
    image = text.grab().toImage()
    marked = [x for x in range(300) if image.pixelColor(x, 3).name().upper() == LIGHT.accent_soft]
    layout = laid_out(words, "reading", 300)
    start, _ = layout.lineAt(0).cursorToX(5)
    assert marked
    assert abs(min(marked) - start) <= 1


def test_a_conversation_says_itself_and_grows(styled, qtbot):
    talk = ConversationView()
    qtbot.addWidget(talk)
    talk.set_turns([Turn("Leila", "morning!"), Turn("Tom", "oh no")])
    short = talk.heightForWidth(300)
    talk.set_turns([Turn("Leila", "morning! " * 30), Turn("Tom", "oh no")])
    assert talk.heightForWidth(300) > short
    assert "Tom: oh no" in talk.accessibleName()


def test_the_cut_takes_room_and_is_copper(styled, qtbot):
    talk = ConversationView()
    qtbot.addWidget(talk)
    turns = [Turn("Anna", "one"), Turn("Felix", "two")]
    talk.set_turns(turns)
    before = talk.heightForWidth(300)
    talk.set_turns(turns, 1, "16 tokens, the rest is cut")
    assert talk.heightForWidth(300) > before
    talk.resize(300, talk.heightForWidth(300))
    assert LIGHT.copper in _colors(talk)


def test_an_empty_text_draws(styled, qtbot):
    image = QImage(40, 40, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    laid_out("", "reading", 40).draw(painter, QPointF(0, 0))
    painter.end()
    text = ReadingText("")
    qtbot.addWidget(text)
    text.set_streaming(True)
    assert style.tokens().accent in _colors(text)
