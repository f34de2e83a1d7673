"""Conversations without summaries, on every page that may meet them: written in two sittings, then trained on."""

from __future__ import annotations

import csv

import pytest
from PySide6.QtTest import QTest

from gui.pages.train.run.verdict_card import VerdictCard
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


def _table(path):
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["conversation"])
        rows.writerows([_text(day)] for day in range(COUNT))


def _texts(path):
    path.mkdir()
    for day in range(COUNT):
        (path / f"talk {day:02}.txt").write_text(_text(day), encoding="utf-8")


def _text(day):
    return "\n".join(f"{who}: {said.format(day=day)}" for who, said in TALK)


def _checked(story, window, source):
    page = window.show_built("data")
    page.open_files([source])
    story.until(lambda: page.report is not None and not page.checker.is_busy)
    return page


@pytest.mark.parametrize(("name", "write"), [(CHAT, _chat), ("call-notes.csv", _table), ("talks", _texts)])
def test_every_page_says_that_there_are_none_yet(no_summaries_story, tmp_path, name, write):
    story, source = no_summaries_story, tmp_path / name
    write(source)
    window = story.open()
    data = _checked(story, window, source)
    assert data.parts.unlabelled.text() == NONE_YET
    assert not data.use_button.isVisible()

    train = window.show_built("train")
    train.use_data({"source": str(source)})
    state = train.panel.foot.no_summaries
    story.until(lambda: state.isVisible() and state.text() == NONE_YET)
    assert not train.panel.start_button.isVisible()
    assert not train.panel.form.problems()
    click(state.write_button)
    labelling = window.built("labelling")
    story.until(lambda: labelling.controller.item is not None)
    assert labelling.controller.work.progress().open == COUNT

    guide = window.show_built("welcome")
    guide.data.choose("own")
    guide.own_data.choose(str(source))
    state = guide.own_data.no_summaries
    story.until(lambda: state.isVisible() and state.text() == NONE_YET)
    assert not guide.onward_button.isVisible()
    assert not guide.own_data.problem()
    guide.data.choose("sample")
    assert guide.onward_button.isVisible()


def test_thirteen_of_thirty_are_written_and_a_run_learns_from_them(no_summaries_story, tmp_path):
    story, source = no_summaries_story, tmp_path / CHAT
    _chat(source)
    window = story.open()
    click(_checked(story, window, source).parts.unlabelled.write_button)
    page = window.built("labelling")
    story.until(lambda: page.controller.item is not None)
    for day in range(1, WRITTEN + 1):
        QTest.keyClicks(page.summary.edit, f"Ann and Bo have tea on day {day}.")
        click(page.summary.accept_button)
    story.close(window)

    window = story.open()
    data = window.show_built("data")
    state = data.parts.unlabelled
    story.until(lambda: state.isVisible() and f"{WRITTEN} of {COUNT} summaries written." in state.text())
    assert (state.write_button.text(), state.train_button.text()) == ("Continue", f"Train on {WRITTEN}")

    guide = window.show_built("welcome")
    guide.data.choose("own")
    guide.own_data.choose(str(source))
    story.until(guide.own_data.no_summaries.train_button.isVisible)
    click(guide.own_data.no_summaries.train_button)
    story.until(lambda: f"Bo, {WRITTEN} summaries: 11 for training" in guide.steps["data"].text())
    assert guide.onward_button.isVisible()

    window.show_page("data")
    story.until(state.train_button.isVisible)
    click(state.train_button)
    story.until(lambda: window.current_key() == "train")
    train = window.built("train")
    story.until(lambda: "11 for training" in texts(train.panel.form.field("data.source").around))
    story.until(train.panel.start_button.isEnabled)
    click(train.panel.start_button)
    story.until(lambda: isinstance(train.run_view.card, VerdictCard))
    assert train.header.title().startswith(f"starter · WhatsApp Chat with Bo, {WRITTEN} summaries · ")
    assert str(tmp_path) not in texts(train.header)


def test_few_conversations_with_personal_data_are_met_as_such_also_after_a_restart(
    no_summaries_story, tmp_path
):
    story, source = no_summaries_story, tmp_path / "calls.csv"
    _with_summaries(source, 20)
    window = story.open()
    data = _checked(story, window, source)
    assert data.parts.too_few.text() == (
        "Only 16 conversations to train on; a model learns little from fewer than 30. "
        "Only 2 conversations to test on; a verdict needs at least 10."
    )
    masks = data.parts.findings.mask_button
    click(masks)
    assert set(data.values()["mask"]) == {"email", "phone"}
    assert "1234567" not in texts(data.parts.row_view)
    assert masks.text() == "All masked. Undo"
    click(masks)
    assert data.values()["mask"] == []
    story.close(window)

    _with_summaries(source, 200)
    window = story.open()
    data = window.show_built("data")
    story.until(lambda: data.report is not None and not data.checker.is_busy)
    assert sum(data.report.sizes().values()) == 200
    assert data.parts.too_few.isHidden()


def _with_summaries(path, count):
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["conversation", "summary"])
        rows.writerows([_text(day), f"Ann and Bo have tea on day {day}."] for day in range(count))
