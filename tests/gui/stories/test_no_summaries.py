"""Conversations without summaries, on every page that may meet them: written, then trained on; and few with them."""

import pytest
from PySide6.QtTest import QTest

from gui.pages.train.verdict_card import VerdictCard
from tests.helpers.story_window import click
from tests.helpers.train_stage import texts

CHAT = "WhatsApp Chat with Bo.txt"
COUNT, WRITTEN = 30, 13
TALK = [
    ("Ann", "Shall we have tea on day {day}? Call me at +49 170 1234567."),
    ("Bo", "Yes, at {day} sharp; write to bo@example.org."),
]
NONE_YET = f"These {COUNT} conversations have no summaries yet."


def _chat(path):
    lines = [
        f"{day:02}.11.24, 10:0{minute} - {who}: {said.format(day=day)}\n"
        for day in range(1, COUNT + 1)
        for minute, (who, said) in enumerate(TALK)
    ]
    path.write_text("".join(lines), encoding="utf-8")


@pytest.mark.slow("gui/pages/", "gui/workers/", "engine/worker/dataset/")
def test_every_page_says_that_there_are_none_until_some_are_written_and_trained_on(make_story, tmp_path):
    story, source = make_story("check_data", "label_data", "plan"), tmp_path / CHAT
    _chat(source)
    window = story.open()
    data = window.show_built("data")
    data.open_files([source])
    story.until(lambda: data.report is not None and not data.checker.is_busy)
    assert data.parts.unlabelled.text() == NONE_YET
    assert not data.use_button.isVisible()

    train = window.show_built("train")
    train.use_data({"source": str(source)})
    state = train.panel.foot.no_summaries
    story.until(lambda: state.isVisible() and state.text() == NONE_YET)
    assert not train.panel.start_button.isVisible()
    assert not train.panel.form.problems()

    guide = window.show_built("welcome")
    guide.data.choose("own")
    guide.own_data.choose(str(source))
    state = guide.own_data.no_summaries
    story.until(lambda: state.isVisible() and state.text() == NONE_YET)
    assert not guide.onward_button.isVisible()
    assert not guide.own_data.problem()
    click(state.write_button)
    page = window.built("labelling")
    story.until(lambda: page.controller.item is not None)
    assert page.controller.work.progress().open == COUNT
    for day in range(1, WRITTEN + 1):
        QTest.keyClicks(page.summary.edit, f"Ann and Bo have tea on day {day}.")
        click(page.summary.accept_button)
    story.close(window)

    window = story.open()
    state = window.show_built("data").parts.unlabelled
    story.until(lambda: state.isVisible() and f"{WRITTEN} of {COUNT} summaries written." in state.text())
    assert (state.write_button.text(), state.train_button.text()) == ("Continue", f"Train on {WRITTEN}")
    click(state.train_button)
    story.until(lambda: window.current_key() == "train")
    train = window.built("train")
    story.until(lambda: "11 conversations to train on" in texts(train.panel.form.field("data.source").around))
    story.until(train.panel.start_button.isEnabled)
    click(train.panel.start_button)
    story.until(lambda: isinstance(train.run_view.card, VerdictCard))
    assert train.header.title().startswith(f"starter · WhatsApp Chat with Bo, {WRITTEN} summaries · ")
    assert str(tmp_path) not in texts(train.header)
