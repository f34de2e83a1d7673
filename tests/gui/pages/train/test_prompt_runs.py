"""Runs of a prompt alone in the window: no curve, its own words, and metadata that says what it is."""

import pytest

from engine.api import adapter_toml, prompts, recipe
from engine.jobs import run_text as engine_text
from gui.pages.library.library_text import method_facts
from gui.pages.train import run_text
from tests.helpers.homes import make_metadata, make_recipe
from tests.helpers.train_stage import BASICS, ENDLESS, SAVED, STARTED, difference, sample, scored, texts

MINE = "Say it shortly: {conversation} Shortly: "
BEGUN = [
    ["emit", {"event": "stage_entered", "stage": "evaluate"}],
    ["emit", scored("base", 0.469)],
    ["emit", STARTED | {"total_steps": 0, "trainable_parameters": 0, "matrices": 0}],
    ["emit", {"event": "stage_entered", "stage": "evaluate"}],
    ["emit", sample(0, "Tom says ok.")],
]
SCORED = scored("an-adapter", 0.484, difference(0.015, "better"))
DONE = [*BEGUN, ["emit", SAVED | {"step": 0}], ["emit", SCORED | {"prompt": {"template": MINE, "shots": 2}}]]


@pytest.fixture
def prompt_stage(stage):
    wanted = BASICS | {
        "method": {"id": "prompt_only"},
        "data": {"source": "sample", "prompt": MINE, "shots": 2},
    }
    stage.page.edit(recipe.from_tables(wanted))
    return stage


def test_a_finished_prompt_is_compared_with_the_plain_one_and_has_no_curve(prompt_stage, qtbot):
    model = prompt_stage.run(qtbot, DONE)
    view = prompt_stage.page.run_view
    qtbot.waitUntil(lambda: view.card is not None)
    text = texts(view.card)
    for wanted in ("Better than the plain prompt", "Plain prompt", "This prompt", "Examples shown"):
        assert wanted in text
    for unwanted in ("Tuned", "Saved step", "Trainable"):
        assert unwanted not in text
    curve = (view.plot, view.metrics_row)
    assert not any(each.isVisibleTo(view) for each in curve)
    assert view.samples.isVisibleTo(view)
    assert "Summary with this prompt" in texts(view.samples)
    assert "Adapter" not in run_text.status_text(model, "mine")[0]
    assert "Saved as mine" in run_text.status_text(model, "mine")[0]
    prompt_stage.page.edit(recipe.from_tables(BASICS))
    prompt_stage.start(qtbot, ENDLESS)
    assert all(each.isVisibleTo(view) for each in curve)


def test_a_running_prompt_says_what_is_scored(prompt_stage, qtbot):
    model = prompt_stage.start(qtbot, [*BEGUN, ["wait_for_stop", None]])
    qtbot.waitUntil(lambda: model.state.started is not None)
    assert engine_text.stage(model.state) == "Scoring the prompt"
    assert not prompt_stage.page.run_view.plot.isVisibleTo(prompt_stage.page.run_view)


def prompted(template, shots=()):
    facts = adapter_toml.PromptFacts(template=template, max_conversation_tokens=512, shots=list(shots))
    return dict(method_facts(make_metadata("mine", 0.0, make_recipe(), prompt=facts)))


def test_metadata_names_the_prompt_and_counts_its_examples(home):
    plain = prompted(prompts.DEFAULT_PROMPT)
    assert (plain["Prompt"], plain["Examples in the prompt"]) == (prompts.BUILT_IN[0].name, "")
    shot = adapter_toml.ShotFacts(id="1", conversation="Ann: tea?", summary="Ann offers tea.")
    own = prompted("Say:\n\n{conversation}", [shot])
    assert (own["Prompt"], own["Examples in the prompt"]) == ("Say: {conversation}", "1")
    prompts.save("Mine", "Say:\n\n{conversation}")
    assert prompted("Say:\n\n{conversation}")["Prompt"] == "Mine"
