"""A base in float16 trains with a scaled loss; steps whose gradients overflow are skipped and told."""

import json

import pytest
import torch
from safetensors.torch import load_file
from torch.amp import GradScaler

from engine.jobs.job import Job
from engine.runs import run_store
from engine.worker.modeling import base_models
from engine.worker.training import checkpoints, training_run
from tests.helpers.tiny_runs import (
    completed,
    events_named,
    stopped_after,
    tiny_recipe,
    train_in_process,
    weights,
)
from tests.helpers.worker_setup import attach_random, make_channel

pytestmark = pytest.mark.torch
FLOAT16 = "base_model.precision=float16"


def scaled(monkeypatch, **settings):
    """Let scalers begin with other settings than torch's."""
    monkeypatch.setattr(
        training_run, "GradScaler", lambda kind, enabled: GradScaler(kind, enabled=enabled, **settings)
    )


@pytest.mark.slow("engine/worker/training/", "engine/worker/kernels/")
def test_it_learns_about_as_well_as_in_float32(tmp_path):
    last = {}
    for precision in ("float16", "float32"):
        recipe = tiny_recipe(tmp_path, "llama", "lora", f"base_model.precision={precision}")
        _, events = completed(recipe)
        losses = [event["loss"] for event in events_named(events, "step_finished")]
        last[precision] = losses[-1]
        assert losses[-1] < losses[0]
    assert last["float16"] == pytest.approx(last["float32"], rel=0.05)


def test_adapters_compute_in_float16_and_keep_their_weights_in_float32(tmp_path):
    recipe = tiny_recipe(tmp_path, "llama", "lora", FLOAT16)
    base = base_models.load(recipe.base_model, "cpu", make_channel("inspect"))
    model = attach_random(base, recipe)
    seen = set()
    for name, module in model.named_modules():
        if name.endswith("lora_A.default"):
            assert module.weight.dtype == torch.float32
            module.register_forward_hook(lambda _module, _inputs, output: seen.add(output.dtype))
    model(input_ids=torch.tensor([[1, 2, 3]]))
    assert seen == {torch.float16}


@pytest.mark.slow("engine/worker/kernels/", "engine/worker/training/")
def test_steps_that_overflow_are_skipped_and_counted(tmp_path, monkeypatch):
    # Halved at each overflow, until it fits.
    scaled(monkeypatch, init_scale=2.0**40, backoff_factor=2.0**-10)
    job, events = train_in_process(tiny_recipe(tmp_path, "llama", "lora", FLOAT16))
    steps = events_named(events, "step_finished")
    skipped = [event["step"] for event in steps if event.get("skipped")]
    assert skipped
    assert skipped == list(range(1, len(skipped) + 1))
    assert all("gradient_norm" not in event for event in steps[: len(skipped)])
    assert all(event["gradient_norm"] > 0 for event in steps[len(skipped) :])
    assert steps[len(skipped)]["learning_rate"] == steps[0]["learning_rate"]
    [notice] = [each for each in events_named(events, "notice") if "overflowed" in each["message"]]
    assert notice["message"].startswith(f"{len(skipped)} of {len(steps)} steps skipped")
    state = json.loads((run_store.checkpoints(job)[-1] / "run_state.json").read_text(encoding="utf-8"))
    assert state["skipped_steps"] == len(skipped)


def test_a_skipped_step_changes_nothing(tmp_path, monkeypatch):
    scaled(monkeypatch, init_scale=2.0**60, backoff_factor=0.5)
    recipe = tiny_recipe(
        tmp_path, "llama", "lora", FLOAT16, "training.max_steps=3", "training.checkpoint_every=1"
    )
    job, events = train_in_process(recipe)
    assert [event["skipped"] for event in events_named(events, "step_finished")] == [True] * 3
    first, last = (load_file(each / "trainable.safetensors") for each in run_store.checkpoints(job))
    assert all(torch.equal(tensor, last[name]) for name, tensor in first.items())


def test_gradients_that_overflow_at_any_scale_end_the_run(tmp_path, monkeypatch):
    scaled(monkeypatch, init_scale=2.0**60, backoff_factor=2.0**-61)
    _, events = train_in_process(tiny_recipe(tmp_path, "llama", "lora", FLOAT16))
    assert events[-1]["outcome"] == "failed"
    assert (events[-1]["kind"], events[-1]["field"]) == ("TrainingError", "base_model.precision")


@pytest.mark.slow("engine/worker/kernels/", "engine/worker/training/")
def test_a_run_goes_on_with_its_scale_to_the_same_bits(tmp_path, monkeypatch):
    scaled(monkeypatch, init_scale=2.0**30, growth_interval=2)
    recipe = tiny_recipe(
        tmp_path, "llama", "lora", FLOAT16, "training.checkpoint_every=1", "training.max_steps=4"
    )
    _, straight = train_in_process(recipe)
    job, _ = stopped_after(recipe, 3)
    assert (checkpoints.newest_valid(job, print) / "scaler.pt").exists()
    _, resumed = completed(Job(job.folder))
    assert weights(resumed) == weights(straight)
