"""Other data and other base models in the form: real plans, each of what is chosen now, and never a red field."""

from __future__ import annotations

import csv
import json
import shutil

import pytest

from engine.api import automatic
from gui.inputs.fields import Field
from tests.helpers.story_window import click, type_into
from tests.helpers.tiny_models import tiny_model
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


PATH = ("llama", "bart")
# The least that real models have: a preset's rank is more than the layers of the tiny ones.
WIDER = {
    "bart": {"d_model": 128, "encoder_ffn_dim": 192, "decoder_ffn_dim": 192},
    "llama": {"hidden_size": 128, "intermediate_size": 192, "head_dim": 32},
}


@pytest.fixture
def folders(tmp_path):
    """A folder of each kind: configuration and tokenizer, of which a plan is made."""
    for kind, wider in WIDER.items():
        folder = shutil.copytree(tiny_model(kind), tmp_path / kind)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        (folder / "config.json").write_text(json.dumps(config | wider), encoding="utf-8")
    return {kind: str(tmp_path / kind) for kind in WIDER}


def _take(form, base):
    type_into(form.base_model_chooser().lineEdit(), base)


def _red(form):
    fields = [form.method_field, *(field.around for field in form._all_fields())]
    return [field.problem() for field in fields if isinstance(field, Field) and field.problem()]


# That no method leaves a red field on any kind of base model is in gui/pages/train/test_other_base_model.py too.
@pytest.mark.slow("engine/methods/", "engine/worker/planning/", "gui/pages/train/")
def test_every_method_can_start_on_each_base_model_on_the_way(planning_story, folders):
    story = planning_story
    train = story.open().show_built("train")
    form, planner = train.panel.form, train._manager.planner
    plans, counts = [], {}
    every = form.with_each_method()
    planner.planned.connect(plans.append)
    planner.counted.connect(counts.__setitem__)
    chips = form.field("method.target_modules").control.widget._chips
    for kind in PATH:
        plans.clear()
        counts.clear()
        _take(form, folders[kind])
        story.until(lambda: plans)
        assert (kind, _red(form)) == (kind, [])
        assert train.panel.start_button.isEnabled()
        assert chips.chips[""].isChecked()
    story.until(lambda: every.keys() <= counts.keys())
    # Prompting trains nothing.
    assert [name for name in every if not counts[name] and every[name].method.method.trains] == []

    before = form.tables()
    _take(form, folders["llama"])
    click(form.followed.action_button())
    assert form.tables() == before


def _notes(path):
    rows = [
        {
            "dialogue": f"Tom: can you come at {n}?\nAnn: yes, with the others.",
            "summary": f"Ann comes at {n}.",
        }
        for n in range(13)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return str(path)


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
