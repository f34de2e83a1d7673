"""A card that lacks memory costs no run: micro-batches are halved, in the step that did not fit and in all to come."""

import json

import pytest
import torch
from safetensors.torch import load

from engine.runs import run_store
from engine.worker.dataset.collator import Collator
from engine.worker.dataset.prompter import IGNORED, Encoded
from engine.worker.evaluation.losses import token_loss_sum
from engine.worker.planning.planner import Planner
from engine.worker.runtime import devices, oom
from engine.worker.training.step_gradients import StepGradients
from tests.helpers.tiny_runs import (
    completed,
    events_named,
    stopped_after,
    tiny_recipe,
    train_in_process,
    weights,
)
from tests.helpers.worker_setup import load_tiny, make_channel

pytestmark = pytest.mark.torch
TOLD = "Out of GPU memory"


@pytest.fixture(autouse=True)
def processor_as_card(monkeypatch):
    """Let the processor's memory be its own, as a card's is."""
    monkeypatch.setattr(oom, "SHARED_MEMORY", frozenset())


def filled_by(monkeypatch, rows):
    """Let memory suffice for so many rows at a time, in the middle of a step too; return the rows that were tried."""
    tried = []
    add = StepGradients._add_one

    def add_if_it_fits(self, batch, label_tokens):
        tried.append(batch.rows)
        loss = add(self, batch, label_tokens)
        if batch.rows > rows:
            # The backward pass has added gradients already, and drawn random numbers.
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return loss

    monkeypatch.setattr(StepGradients, "_add_one", add_if_it_fits)
    return tried


def recipe_for(folder, kind, *overrides):
    return tiny_recipe(
        folder, kind, "lora", "training.max_steps=3", "training.evaluate_summaries=0", *overrides
    )


def told(events):
    return [each for each in events_named(events, "notice") if each["message"].startswith(TOLD)]


def test_the_result_is_the_same_but_for_the_last_digits(tmp_path, monkeypatch):
    recipe = recipe_for(tmp_path, "llama", "method.dropout=0")
    _, whole = train_in_process(recipe)
    tried = filled_by(monkeypatch, 2)
    _, halved = completed(recipe)
    assert max(tried) > 2
    assert len(told(halved)) >= 1
    torch.testing.assert_close(load(weights(halved)), load(weights(whole)), rtol=1e-3, atol=1e-4)
    for one, other in zip(
        events_named(whole, "step_finished"), events_named(halved, "step_finished"), strict=True
    ):
        assert other["loss"] == pytest.approx(one["loss"], rel=1e-4)


@pytest.mark.slow("engine/worker/training/")
def test_what_did_not_fit_is_not_tried_again_and_the_bits_are_the_same(tmp_path, monkeypatch):
    tried = filled_by(monkeypatch, 2)
    recipe = recipe_for(tmp_path, "t5", "training.checkpoint_every=1")
    whole, straight = completed(recipe)
    assert tried[0] == 8
    assert tried.count(8) == 1
    state = json.loads((run_store.checkpoints(whole)[-1] / "run_state.json").read_text(encoding="utf-8"))
    assert 0 < state["fitting_tokens"] < 2048
    job, _ = stopped_after(recipe, 2)
    _, resumed = completed(job)
    assert told(resumed) == []
    assert weights(resumed) == weights(straight)


@pytest.mark.slow("engine/worker/training/")
def test_what_does_not_fit_row_by_row_ends_the_run(tmp_path, monkeypatch):
    filled_by(monkeypatch, 0)
    _, events = train_in_process(recipe_for(tmp_path, "llama"))
    assert (events[-1]["outcome"], events[-1]["kind"]) == ("failed", "OutOfMemoryError")


@pytest.mark.slow("engine/worker/training/", quick=1)
@pytest.mark.parametrize(("room", "outcome"), [(0.9, "completed"), (0.8, "failed")])
def test_what_halving_does_not_change_has_to_fit_before_the_first_step(tmp_path, monkeypatch, room, outcome):
    recipe = recipe_for(tmp_path, "t5", "training.micro_batch_tokens=200", "training.max_steps=1")
    memory = Planner(make_channel("plan")).plan(recipe)["memory"]
    fixed = sum(memory.values()) - memory["activations"]
    monkeypatch.setattr(devices, "available_bytes", lambda _: round(room * fixed))
    _, events = train_in_process(recipe)
    assert events[-1]["outcome"] == outcome
    told = events_named(events, "memory_exceeded")
    assert [each["step"] for each in told] == [0] * (outcome == "failed")
    assert bool(events_named(events, "step_finished")) == (outcome == "completed")


@pytest.mark.parametrize(("kind", "family"), [("t5", "encoder-decoder"), ("llama", "decoder-only")])
def test_halves_have_the_loss_of_the_whole(kind, family):
    base = load_tiny(kind)
    is_decoder = family == "decoder-only"
    examples = [
        Encoded([5] * inputs + [6] * labels * is_decoder, [IGNORED] * inputs * is_decoder + [6] * labels)
        for inputs, labels in [(9, 3), (4, 2), (7, 1), (2, 5), (3, 3)]
    ]
    [whole] = Collator(family, 0, 10_000)(examples).micro_batches
    halves = whole.halved()
    assert [half.rows for half in halves] == [2, 3]
    assert sum(half.label_tokens for half in halves) == whole.label_tokens
    assert sum(half.tokens for half in halves) == pytest.approx(whole.tokens, abs=2)
    losses = [float(token_loss_sum(base.model, half, family)) for half in halves]
    assert sum(losses) == pytest.approx(float(token_loss_sum(base.model, whole, family)), rel=1e-5)
