"""From the sample to data of one's own and on to others: each is read anew, and what can't be found is asked."""

from __future__ import annotations

import csv

from tests.helpers.story_window import type_into
from tests.helpers.train_stage import texts

TALK = "Tom: can you come at nine?\nAnn: yes, with the others. I will bring the papers of {day}."
SAID = "Ann comes at nine and brings the papers of {day}."


def _table(path, *names):
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(names)
        for day in range(60):
            rows.writerow([TALK.format(day=day), SAID.format(day=day)])
    return str(path)


def _numbers(path):
    path.write_text("one,two\n" + "".join(f"{day},{day * 3}\n" for day in range(40)), encoding="utf-8")
    return str(path)


def test_every_source_is_read_for_itself(planning_story, tmp_path):
    story = planning_story
    train = story.open().show_built("train")
    form, start = train.panel.form, train.panel.start_button
    source = form.field("data.source")
    columns = [form.field(f"data.{name}") for name in ("conversation", "summary")]
    # The recipe of the sample names its columns.
    assert form.recipe().data.conversation == "dialogue"
    type_into(source.control.widget.lineEdit(), _table(tmp_path / "calls.csv", "transcript", "notes"))
    story.until(lambda: "48 for training" in texts(source.around))
    assert start.isEnabled()
    assert not any(each.around.isVisible() for each in columns)

    type_into(source.control.widget.lineEdit(), _numbers(tmp_path / "numbers.csv"))
    story.until(lambda: all(each.around.isVisible() for each in columns))
    assert "one, two" in columns[0].around.problem()
    assert "transcript" not in texts(train.panel)
    assert not start.isEnabled()

    type_into(source.control.widget.lineEdit(), "sample")
    story.until(lambda: "2,400 for training" in texts(source.around))
    assert start.isEnabled()
    assert not any(each.around.isVisible() for each in columns)
