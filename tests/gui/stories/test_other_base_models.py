"""From the practice model to a Llama, on to BART and back: real plans, and never a red field."""

from __future__ import annotations

import json
import shutil

import pytest

from gui.inputs.fields import Field
from tests.helpers.story_window import click, type_into
from tests.helpers.tiny_models import tiny_model

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
    fields = [form._method_field, *(field.around for field in form._all_fields())]
    return [field.problem() for field in fields if isinstance(field, Field) and field.problem()]


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
