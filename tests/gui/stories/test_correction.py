"""A summary that is corrected in the playground is in "Write summaries", and in the next run."""

import json
from pathlib import Path

from PySide6.QtTest import QTest

from engine.api import Example, labelling
from gui.pages.playground.token_meter import TokenCount
from tests.helpers import scripted_summarizer
from tests.helpers.playground_stage import CONVERSATION, SUMMARIES

CORRECTED = "The venue can't do the 14th; Marcus joins by video on the 21st."
OTHERS = [f"Ann: is it {number} o'clock?\nBo: yes, {number} o'clock." for number in range(1, 5)]


def test_from_a_correction_in_the_playground_to_the_data_of_the_next_run(story, qtbot, monkeypatch):
    monkeypatch.setattr(TokenCount, "count", lambda *_args: None)
    monkeypatch.setenv(scripted_summarizer.VARIABLE, json.dumps(SUMMARIES))
    window = story.open()
    playground = window.show_built("playground")
    playground.open_conversation(CONVERSATION)
    playground.summarise_button.click()
    qtbot.waitUntil(lambda: not playground.controller.results.busy)
    column = playground.columns.base
    assert column.text() == SUMMARIES[""]
    column.tools.pen.click()
    column.notes.summary_edit.setPlainText(CORRECTED)
    column.notes.done_button.click()
    assert "Saved to your training data" in playground.undo_strip.text()

    playground.undo_strip.action_button().click()
    labelled = window.built("labelling")
    assert window.current_key() == "labelling"
    qtbot.waitUntil(lambda: labelled.controller.item is not None)
    assert (labelled.controller.item.text, labelled.controller.item.state) == (CORRECTED, "accepted")
    assert labelled.summary.edit.toPlainText() == CORRECTED
    assert not labelled.use_button.isEnabled()

    for text in OTHERS:
        with qtbot.waitSignal(labelled.controller.opened):
            labelled.open_conversations([Example("", text, "")])
        QTest.keyClicks(labelled.summary.edit, "It is that late.")
        labelled.accept()
    assert labelled.controller.work.progress() == labelling.Progress(5, 0, 0, 0)
    labelled.use_button.click()
    qtbot.waitUntil(lambda: window.current_key() == "train")

    folder = Path(window.built("train").panel.form.tables()["data"]["source"])
    rows = [json.loads(line) for line in (folder / "summaries.jsonl").read_text("utf-8").splitlines()]
    assert [(row["summary"], row["written_by"]) for row in rows if row["conversation"] == CONVERSATION] == [
        (CORRECTED, "edited draft")
    ]
    labelled.controller.close()
