"""The token meter: estimated at once, counted soon, and which turns the trained limit cuts off."""

from __future__ import annotations

import pytest

from engine.api import STARTER
from gui.pages.playground.conversation_panel import ConversationPanel
from gui.pages.playground.token_meter import Length, TokenCount, parted
from gui.workers.worker_manager import WorkerManager
from tests.helpers.playground_stage import WAIT

TEXT = "Leila: the venue wrote\nTom: what do they offer?\nLeila: Thursday 21st"


@pytest.fixture
def panel(qtbot, styled):
    made = ConversationPanel()
    qtbot.addWidget(made)
    made.resize(368, 700)
    made.show()
    return made


def test_turns_are_parted_where_the_limit_falls_and_a_turn_within_it_in_two():
    read, cut = parted(TEXT, TEXT.index(" do they"))
    assert [(turn.speaker, turn.text) for turn in read] == [("Leila", "the venue wrote"), ("Tom", "what")]
    assert [(turn.speaker, turn.text) for turn in cut] == [("", "do they offer?"), ("Leila", "Thursday 21st")]
    read, cut = parted(TEXT, TEXT.index("\nLeila: Th"))
    assert (len(read), len(cut)) == (2, 1)
    assert parted(TEXT, None)[1] == ()
    read, cut = parted(TEXT, TEXT.index(" what do"))
    assert [(turn.speaker, turn.text) for turn in read] == [("Leila", "the venue wrote")]
    assert (cut[0].speaker, cut[0].text) == ("Tom", "what do they offer?")


def test_the_meter_follows_the_typing_and_marks_what_is_cut(panel):
    panel.show_limit(10)
    panel.show_conversation("Ann: Hi")
    panel.toggle_edit()
    assert "fits the trained limit" in panel.meter.accessibleName()
    panel.editor.setPlainText(TEXT)
    assert "the last 2 turns are cut off" in panel.meter.accessibleName()
    assert panel.meter.accessibleName().startswith("about ")
    assert panel.editor.cut_text() == TEXT[36:].replace("\n", "\u2029")
    panel.show_limit(512)
    assert panel.editor.cut_text() == ""
    panel.toggle_edit()
    assert panel.conversation == TEXT


def test_a_count_takes_the_place_of_the_estimate_and_a_late_one_of_another_text_does_not(panel):
    panel.show_limit(10)
    panel.show_conversation(TEXT)
    panel.show_length("other", Length(1, 10, is_counted=True, cut_at=None))
    assert panel.meter.accessibleName().startswith("about ")
    panel.show_length(TEXT, Length(14, 10, is_counted=True, cut_at=TEXT.index("\nLeila: Th")))
    assert panel.meter.accessibleName() == "14 of 10 tokens the end is cut off"
    panel.show_counted(99)
    assert panel.length.tokens == 14
    panel.show_limit(512)
    assert not panel.length.is_counted


def test_a_worker_counts_what_is_typed_with_the_base_models_own_tokenizer(qtbot, home):
    manager = WorkerManager()
    live = TokenCount(manager, manager)
    with qtbot.waitSignal(live.counted, timeout=WAIT) as told_of:
        live.count("Ann: never asked for", 64, STARTER)
        live.count(TEXT, 8, STARTER)
    text, length = told_of.args
    assert text == TEXT
    assert length.is_counted
    assert length.tokens > 8
    assert TEXT[: length.cut_at].startswith("Leila: the")
    live.close()
    manager.leave()
