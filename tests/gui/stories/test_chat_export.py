"""A WhatsApp export without a summary: five are written by hand, and a run learns from them."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtTest import QTest

from engine.api import labelling
from gui.pages.train.run.verdict_card import VerdictCard
from tests.helpers.story_window import click

FEWEST = 5
EXPORT = "01.11.24, 09:00 - Messages and calls are end-to-end encrypted.\n" + "".join(
    f"{day:02}.11.24, 10:0{day} - Ann: Tea on day {day}?\n{day:02}.11.24, 10:1{day} - Bo: Yes, at {day}.\n"
    for day in range(1, 8)
)


def test_five_summaries_of_a_chat_are_enough_for_a_run(reading_story, tmp_path):
    export = tmp_path / "WhatsApp Chat with Bo.txt"
    export.write_text(EXPORT, encoding="utf-8")
    window = reading_story.open()
    data = window.show_built("data")
    data.open_files([export])
    reading_story.until(lambda: data.report is not None and not data.checker.is_busy)
    assert data.report.unlabelled == 7
    assert not data.use_button.isVisible()
    click(data.parts.unlabelled.write_button)

    page = window.built("labelling")
    assert window.current_key() == "labelling"
    reading_story.until(lambda: page.controller.item is not None)
    for number in range(1, FEWEST + 1):
        assert not page.use_button.isEnabled()
        assert f"Tea on day {number}?" in page.controller.item.conversation
        QTest.keyClicks(page.summary.edit, f"Ann and Bo have tea at {number}.")
        click(page.summary.accept_button)
    assert page.controller.work.progress() == labelling.Progress(5, 0, 0, 2)
    click(page.use_button)

    reading_story.until(lambda: window.current_key() == "train")
    train = window.built("train")
    folder = Path(train.panel.form.recipe().data.source)
    rows = [json.loads(line) for line in (folder / "summaries.jsonl").read_text("utf-8").splitlines()]
    assert [row["summary"] for row in rows] == [f"Ann and Bo have tea at {n}." for n in range(1, 6)]
    reading_story.until(train.panel.start_button.isEnabled)
    click(train.panel.start_button)
    reading_story.until(lambda: isinstance(train.run_view.card, VerdictCard))
    assert train.header.title().startswith("starter · WhatsApp Chat with Bo, 5 summaries · ")
