"""Thirteen conversations of one's own: a run is long enough to learn, and one that was made too short can be mended."""

from __future__ import annotations

import json

from engine.api import run_length
from tests.helpers.story_window import click, type_into


def _table(path):
    rows = [
        {
            "dialogue": f"Tom: can you come at {n}?\nAnn: yes, with the others.",
            "summary": f"Ann comes at {n}.",
        }
        for n in range(13)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return str(path)


def test_a_run_on_few_examples_is_long_enough_and_a_shorter_one_can_be_mended(planning_story, tmp_path):
    story = planning_story
    panel = story.open().show_built("train").panel
    form, foot = panel.form, panel.foot
    epochs = form.field("training.epochs").control.widget
    assert epochs.value() == 2

    type_into(form.field("data.source").control.widget.lineEdit(), _table(tmp_path / "notes.jsonl"))
    assert epochs.text() == "automatic"
    story.until(lambda: foot.ready.text().startswith("11 conversations to learn from"))
    enough = foot.happening.text()
    assert int(enough.partition(" step")[0].rpartition(">")[2]) >= run_length.ENOUGH_STEPS
    assert not foot.too_short.isVisible()

    type_into(epochs.lineEdit(), "4")
    story.until(foot.too_short.isVisible)
    assert foot.too_short.text() == "A run of 4 steps learns little."
    assert foot.start_button.isEnabled()
    click(foot.too_short.action_button())
    assert epochs.text() == "automatic"
    story.until(lambda: not foot.too_short.isVisible())
    assert foot.happening.text().split(" in ")[0] == enough.split(" in ")[0]
