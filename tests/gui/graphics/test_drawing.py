import re

import pytest

from gui.graphics import drawing
from gui.graphics.drawing import Drawing
from gui.look import style
from gui.look.fonts import px
from gui.look.tokens import DARK
from gui.pages.help.page import DRAWINGS

# What is read in the sentences that are drawn, which have a file for each language.
WORDS = ("Ann", "will", "be", "un", "available", "on", "Fri", "day", "Ann:", "Tea?", "Bo:", "At", "five.")


@pytest.mark.parametrize("name", [*DRAWINGS, "falling-loss"])
def test_a_drawing_has_colours_of_the_scheme_and_texts_with_translations(styled, qtbot, monkeypatch, name):
    said = set()

    def say(text, **values):
        said.add(text)
        return text.format(**values)

    monkeypatch.setattr(drawing, "tr", say)
    style.apply(styled, "dark", 1.5)
    colours = set(re.findall(r'"(#\w{6})"', drawing.svg(name)))
    assert colours
    assert colours <= set(vars(DARK).values())
    assert said <= {*drawing.TEXTS, *WORDS, "+", "=", "0"}
    made = qtbot.add(Drawing())
    made.show_drawing(name, "what it shows")
    assert made.pixmap().height() in (px(120), px(160))
    assert made.accessibleName() == "what it shows"


def test_a_drawing_of_a_sentence_has_a_file_for_the_language(styled, monkeypatch):
    assert ">Ann<" in drawing.svg("tokens")
    monkeypatch.setattr(drawing, "spoken", lambda: "de")
    assert ">Frei<" in drawing.svg("tokens")
    assert ">rank 16<" in drawing.svg("rank")
