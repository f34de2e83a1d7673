import math

import pytest

from engine.worker.training import interim_evaluation
from tests.helpers.tiny_runs import adapter_of, completed, events_named, tiny_recipe

pytestmark = pytest.mark.torch


def train_with_losses(monkeypatch, recipe, losses):
    """Train with these validation losses: the base model's, then one after each step."""
    found = iter(losses)
    monkeypatch.setattr(interim_evaluation, "mean_loss", lambda *_: next(found))
    return completed(recipe)[1]


@pytest.mark.slow("engine/worker/training/", quick=1)
@pytest.mark.parametrize("best_by", ["loss", "rouge1"])
def test_a_validation_loss_that_is_not_finite_is_told_and_never_the_best(tmp_path, monkeypatch, best_by):
    recipe = tiny_recipe(
        tmp_path, "t5", "lora", "training.evaluate_every=1", "training.max_steps=3",
        f"training.best_by={best_by}",
    )  # fmt: skip
    events = train_with_losses(monkeypatch, recipe, [math.nan, math.nan, 2.0, math.inf])
    assert adapter_of(events).metadata.training.step == 2
    told = [each for each in events_named(events, "notice") if "validation loss" in each["message"]]
    assert [each["level"] for each in told] == ["warning"] * 3
    losses = [each["loss"] for each in events_named(events, "evaluated") if each["split"] == "validation"]
    assert losses == [2.0]


def test_patience_counts_losses_that_are_not_finite(tmp_path, monkeypatch):
    overrides = ("training.evaluate_every=1", "training.early_stopping_patience=2")
    recipe = tiny_recipe(tmp_path, "t5", "lora", *overrides)
    events = train_with_losses(monkeypatch, recipe, [1.0, math.nan, math.nan])
    assert adapter_of(events).metadata.training.step == 2


@pytest.mark.slow("engine/worker/training/", quick=1)
@pytest.mark.parametrize(("epochs", "kept"), [(0, 3), (1, 1)], ids=["automatic epochs", "chosen epochs"])
def test_few_validation_examples_choose_no_state_of_an_automatic_run(tmp_path, monkeypatch, epochs, kept):
    overrides = (f"training.epochs={epochs}", "training.evaluate_every=1", "training.max_steps=3")
    recipe = tiny_recipe(tmp_path, "t5", "lora", *overrides)
    events = train_with_losses(monkeypatch, recipe, [4.0, 1.0, 2.0, 3.0])
    assert adapter_of(events).metadata.training.step == kept
