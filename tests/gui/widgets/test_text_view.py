"""Reading text: marks stand where they should, and text from data is never markup."""

from gui.look.fonts import READING_PITCH
from gui.widgets.text_view import ConversationView, ReadingText, Turn


def test_the_height_is_whole_lines(styled, qtbot):
    text = ReadingText("one two three four five six seven eight nine ten")
    qtbot.addWidget(text)
    assert text.heightForWidth(2000) == READING_PITCH
    assert text.heightForWidth(120) % READING_PITCH == 0
    assert text.heightForWidth(120) > 2 * READING_PITCH


def test_a_conversation_says_itself_and_grows_also_by_a_cut(styled, qtbot):
    talk = ConversationView()
    qtbot.addWidget(talk)
    turns = [Turn("Leila", "morning!"), Turn("Tom", "oh no")]
    talk.set_turns(turns)
    short = talk.heightForWidth(300)
    talk.set_turns(turns, 1, "16 tokens, the rest is cut")
    assert talk.heightForWidth(300) > short
    talk.set_turns([Turn("Leila", "morning! " * 30), turns[1]])
    assert talk.heightForWidth(300) > short
    assert "Tom: oh no" in talk.accessibleName()
