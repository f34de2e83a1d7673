"""Which examples share a step, also for a run that began before there was a choice."""

import json

import pytest

from engine.adapters import library
from engine.adapters.metadata import checksums
from engine.config import recipe as recipes
from engine.runs import run_store
from engine.worker.training import checkpoints
from tests.helpers.tiny_runs import events_named, on_event, run_in_process, tiny_recipe, train_in_process

pytestmark = pytest.mark.torch


def adapter_of(events):
    return library.find(events_named(events, "adapter_saved")[-1]["adapter"])


def weights(events):
    return (adapter_of(events).folder / library.WEIGHTS_NAME).read_bytes()


def stopped_at(step, recipe, monkeypatch):
    def stop(channel):
        channel.stopping = True

    with monkeypatch.context() as patch:
        on_event(patch, lambda event, facts: event == "step_finished" and facts["step"] == step, stop)
        job, _ = train_in_process(recipe)
    return job


def forget_order(folder):
    """Make of a checkpoint what was written before there was a choice."""
    path = folder / checkpoints.STATE_NAME
    state = json.loads(path.read_text(encoding="utf-8"))
    assert state.pop("order") == "random"
    path.write_text(json.dumps(state), encoding="utf-8")
    sums = checksums(folder)
    sums.pop(checkpoints.CHECKSUMS_NAME)
    (folder / checkpoints.CHECKSUMS_NAME).write_text(json.dumps(sums), encoding="utf-8")


def test_the_two_orders_are_not_the_same_and_the_metadata_says_which(tmp_path):
    _, by_length = train_in_process(tiny_recipe(tmp_path, "t5"))
    _, by_chance = train_in_process(tiny_recipe(tmp_path, "t5", "lora", "training.order=random"))

    assert weights(by_length) != weights(by_chance)
    for events, order in ((by_length, "lengths"), (by_chance, "random")):
        assert adapter_of(events).metadata.training.order == order
        assert adapter_of(events).recipe().training.order == order


def test_a_run_from_before_the_choice_goes_on_in_the_order_that_it_had_and_its_adapter_says_so(
    tmp_path, monkeypatch
):
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.order=random")
    _, uninterrupted = train_in_process(recipe)
    job = stopped_at(2, recipe, monkeypatch)
    for folder in run_store.checkpoints(job):
        forget_order(folder)
    text = job.recipe_path.read_text(encoding="utf-8")
    assert 'order = "random"' in text
    job.recipe_path.write_text(text.replace('order = "random"', 'order = "lengths"'), encoding="utf-8")

    resumed = run_in_process(job)

    assert weights(resumed) == weights(uninterrupted)
    assert adapter_of(resumed).metadata.training.order == "random"
    assert adapter_of(resumed).recipe().training.order == "random"
    assert adapter_of(resumed).recipe() == recipes.load(job.recipe_path)
