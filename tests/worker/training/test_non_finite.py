"""Values that are not finite change no weight, are told, and are in no checkpoint, best state or event."""

import json

import pytest
import torch
from safetensors.torch import load_file

from engine.runs import run_store
from engine.worker.training import checkpoints, training_loop
from engine.worker.training.step_gradients import StepGradients
from tests.helpers.tiny_runs import completed, events_named, tiny_recipe, train_in_process

pytestmark = pytest.mark.torch
EACH_STEP = ("training.checkpoint_every=1", "training.evaluate_every=1")


def spoiled(monkeypatch, steps, spoil):
    """Let `spoil(trained parameters, loss)` return the loss of these steps, counted from 1."""
    compute = StepGradients.compute

    def computed(self, batch, number, *rest):
        loss = compute(self, batch, number, *rest)
        return spoil(self._trained, loss) if number + 1 in steps else loss

    monkeypatch.setattr(StepGradients, "compute", computed)


def of_gradients(trained, loss):
    next(each for each in trained if each.grad is not None).grad[0] = torch.nan
    return loss


def of_loss(trained, loss):
    return of_gradients(trained, loss) * torch.nan


def weights(folder):
    return load_file(folder / "trainable.safetensors")


def require_finite_files(job):
    """Fail for a value that is not finite in anything that a run has saved or told."""
    for file in job.folder.rglob("trainable.safetensors"):
        assert all(tensor.isfinite().all() for tensor in load_file(file).values()), file
    for line in job.events_path.read_text(encoding="utf-8").splitlines():
        json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} in an event"))


@pytest.mark.parametrize("spoil", [of_gradients, of_loss])
def test_a_step_with_a_nan_is_skipped_told_and_counted(tmp_path, monkeypatch, spoil):
    spoiled(monkeypatch, {3}, spoil)
    recipe = tiny_recipe(tmp_path, "llama", "lora", "training.max_steps=3", *EACH_STEP)
    job, events = completed(recipe)
    second, third = map(weights, run_store.checkpoints(job))
    assert all(torch.equal(tensor, third[name]) for name, tensor in second.items())
    skipped = [event["step"] for event in events_named(events, "step_finished") if event.get("skipped")]
    assert skipped == ([3] if spoil is of_gradients else [])
    told = [notice["message"] for notice in events_named(events, "notice") if "skipped" in notice["message"]]
    assert len(told) == (1 if spoil is of_gradients else 2)
    assert told[-1].startswith("1 of 3 steps skipped")
    require_finite_files(job)


def test_a_run_goes_on_after_a_skipped_step(tmp_path, monkeypatch):
    spoiled(monkeypatch, {2}, of_gradients)
    _, events = completed(tiny_recipe(tmp_path, "llama", "lora"))
    steps = events_named(events, "step_finished")
    assert steps[2]["learning_rate"] == steps[1]["learning_rate"]
    assert steps[-1]["loss"] < steps[0]["loss"]


def test_several_in_a_row_end_the_run_and_name_the_step(tmp_path, monkeypatch):
    last = 2 + training_loop.MAX_SKIPPED
    spoiled(monkeypatch, {1, *range(3, last + 3)}, of_loss)
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.epochs=4", *EACH_STEP)
    job, events = train_in_process(recipe)
    ended = events[-1]
    assert (ended["outcome"], ended["kind"]) == ("failed", "TrainingError")
    assert ended["field"] == "training.learning_rate"
    assert f"step {last}" in ended["message"]
    assert [checkpoints.step_of(each) for each in run_store.checkpoints(job)] == [last - 2, last - 1]
    require_finite_files(job)


@pytest.mark.slow("engine/worker/training/", quick=1)
@pytest.mark.parametrize("what", ["weights", "optimizer"])
def test_what_an_update_made_infinite_is_not_saved(tmp_path, monkeypatch, what):
    take = training_loop.train_step

    def step(state, batch, number, *rest):
        report = take(state, batch, number, *rest)
        if number == 3:
            parameter = next(each for each in state.model.parameters() if each.requires_grad)
            spoiled = parameter if what == "weights" else state.optimizer.state[parameter]["exp_avg_sq"]
            spoiled.data[0] = torch.inf
        return report

    monkeypatch.setattr(training_loop, "train_step", step)
    job, events = train_in_process(tiny_recipe(tmp_path, "llama", "lora", *EACH_STEP))
    assert (events[-1]["outcome"], events[-1]["kind"]) == ("failed", "TrainingError")
    assert [checkpoints.step_of(each) for each in run_store.checkpoints(job)] == [2, 3]
    require_finite_files(job)
