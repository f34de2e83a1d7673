"""Other data and other base models in the form: real plans, each of what is chosen now, and never a red field."""

import pytest

from engine.api import automatic
from tests.helpers.story_window import click, type_into
from tests.helpers.table_files import write
from tests.helpers.train_stage import texts

TALK = "Tom: can you come at nine?\nAnn: yes, with the others. I will bring the papers of {day}."
SAID = "Ann comes at nine and brings the papers of {day}."


def _table(path, *names):
    texts_of_days = ((TALK.format(day=day), SAID.format(day=day)) for day in range(60))
    return str(write(path, [dict(zip(names, each, strict=True)) for each in texts_of_days]))


def _numbers(path):
    path.write_text("one,two\n" + "".join(f"{day},{day * 3}\n" for day in range(40)), encoding="utf-8")
    return str(path)


@pytest.mark.slow("engine/worker/ingestion/", "engine/worker/planning/", "gui/pages/train/")
def test_every_source_is_read_for_itself(planning_story, tmp_path):
    story = planning_story
    train = story.open().show_built("train")
    form, start = train.panel.form, train.panel.start_button
    source = form.field("data.source")
    columns = [form.field(f"data.{name}") for name in ("conversation", "summary")]
    # The recipe of the sample names its columns.
    assert form.recipe().data.conversation == "dialogue"
    type_into(source.control.widget.lineEdit(), _table(tmp_path / "calls.csv", "transcript", "notes"))
    story.until(lambda: "48 conversations to train on" in texts(source.around))
    assert start.isEnabled()
    assert not any(each.around.isVisible() for each in columns)

    type_into(source.control.widget.lineEdit(), _numbers(tmp_path / "numbers.csv"))
    story.until(lambda: all(each.around.isVisible() for each in columns))
    assert "one, two" in columns[0].around.problem()
    assert "transcript" not in texts(train.panel)
    assert not start.isEnabled()

    type_into(source.control.widget.lineEdit(), "sample")
    story.until(lambda: "2,400 conversations to train on" in texts(source.around))
    assert start.isEnabled()
    assert not any(each.around.isVisible() for each in columns)


def _notes(path):
    rows = [
        {
            "dialogue": f"Tom: can you come at {n}?\nAnn: yes, with the others.",
            "summary": f"Ann comes at {n}.",
        }
        for n in range(13)
    ]
    return str(write(path, rows))


@pytest.mark.slow("engine/config/automatic", "engine/worker/planning/", "gui/pages/train/")
def test_a_run_on_few_examples_is_long_enough_and_a_shorter_one_can_be_mended(planning_story, tmp_path):
    story = planning_story
    panel = story.open().show_built("train").panel
    form, foot = panel.form, panel.foot
    epochs = form.field("training.epochs").control.widget
    assert epochs.value() == 2

    type_into(form.field("data.source").control.widget.lineEdit(), _notes(tmp_path / "notes.jsonl"))
    assert epochs.text() == "automatic"
    story.until(lambda: foot.ready.text().startswith("11 conversations to train on"))
    enough = foot.happening.text()
    assert int(enough.partition(" step")[0].rpartition(">")[2]) >= automatic.ENOUGH_STEPS
    assert not foot.too_short.isVisible()

    type_into(epochs.lineEdit(), "4")
    story.until(foot.too_short.isVisible)
    assert foot.too_short.text() == "With 4 steps a run learns little."
    assert foot.start_button.isEnabled()
    click(foot.too_short.action_button())
    assert epochs.text() == "automatic"
    story.until(lambda: not foot.too_short.isVisible())
    assert foot.happening.text().split(" in ")[0] == enough.split(" in ")[0]
