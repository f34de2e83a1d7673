"""What fewer bits and another optimizer cost in time: measured on a part of the model, by a clock of the test's own."""

from __future__ import annotations

from itertools import cycle
from types import SimpleNamespace

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from engine.runs import run_store
from engine.worker.dataset.batch_packing import Load
from engine.worker.planning import fallback_search
from engine.worker.training import cost_model
from engine.worker.training.cost_model import Prices, Shape, quantizable
from tests.helpers.tiny_models import tiny_model
from tests.helpers.tiny_runs import tiny_recipe

pytestmark = pytest.mark.torch

LOADS = [Load(2, 10, 10, 4), Load(1, 6, 6, 2)]


def clock_of(*durations):
    """Return a clock by which what is timed takes these seconds, by turns."""
    now, turns, runs_now = 0.0, cycle(durations), False

    def read():
        nonlocal now, runs_now
        now += next(turns) if runs_now else 0.0
        runs_now = not runs_now
        return now

    return read


def base_of(kind):
    loader = AutoModelForSeq2SeqLM if kind == "t5" else AutoModelForCausalLM
    model = loader.from_pretrained(tiny_model(kind)).requires_grad_(False)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("norm" in name)
    return SimpleNamespace(model=model, device=torch.device("cpu"), precision="float32")


@pytest.fixture
def recipe(tmp_path):
    return tiny_recipe(tmp_path, "llama")


def of(recipe, changes, durations, seconds, kind="llama"):
    return Prices(base_of(kind), recipe, clock_of(*durations)).of(
        run_store.changed(recipe, changes, 0), seconds, LOADS
    )


@pytest.mark.parametrize(
    "bits", [fallback_search.FOUR_BITS, fallback_search.FOUR_BITS | {"base_model.double_quantization": False},
             {"base_model.quantization": "int8"}]
)  # fmt: skip
def test_fewer_bits_cost_what_a_layer_does_by_its_share_of_the_step(recipe, bits):
    shapes = quantizable(base_of("llama").model)
    work = sum(count * shape.inputs * shape.outputs for shape, count in shapes.items())
    measured = max(count * shape.inputs * shape.outputs for shape, count in shapes.items())
    count = next(count for shape, count in shapes.items() if count * shape.inputs * shape.outputs == measured)
    # All layers of both micro-batches, of 20 and 6 tokens, take so long as that layer does with the first one's.
    in_all = work / (measured / count) * 26 / 20

    assert of(recipe, bits, (1.0, 1.5), 1000.0) == pytest.approx(1000.0 + 0.5 * in_all)


def test_layers_take_no_longer_than_the_step(recipe):
    assert of(recipe, fallback_search.FOUR_BITS, (1.0, 1.5), 0.1) == pytest.approx(0.15)


def test_an_optimizer_costs_the_difference_of_the_updates(recipe):
    assert of(recipe, fallback_search.EIGHT_BITS, (2.0, 5.0), 8.0) == pytest.approx(8 * 13 / 10)


def test_of_many_trained_numbers_some_are_updated_and_stand_for_all(recipe, monkeypatch):
    base = base_of("llama")
    trained = [each.numel() for each in base.model.parameters() if each.requires_grad]
    monkeypatch.setattr(cost_model, "MOST_NUMBERS", 2 * sum(trained) // 3)
    times = sum(trained) / sum(trained[::2])
    made = run_store.changed(recipe, fallback_search.EIGHT_BITS, 0)

    found = Prices(base, recipe, clock_of(2.0, 5.0)).of(made, 8.0, LOADS)

    assert times > 1
    assert found == pytest.approx(8 * (8 + 5 * times) / (8 + 2 * times))


def test_both_at_once_cost_both(recipe):
    alone = of(recipe, fallback_search.FOUR_BITS, (1.0, 2.0), 0.1) / 0.1
    both = of(recipe, fallback_search.FOUR_BITS | fallback_search.EIGHT_BITS, (1.0, 2.0), 0.1)

    assert both == pytest.approx(0.1 * alone * (0.1 + 2) / (0.1 + 1))


def test_what_changes_neither_costs_no_more_and_needs_no_clock(recipe):
    assert of(recipe, fallback_search.CHECKPOINTED, (), 3.0) == 3.0


@pytest.mark.parametrize("error", [NotImplementedError("no kernel"), torch.OutOfMemoryError("out of memory")])
@pytest.mark.parametrize("changes", [fallback_search.FOUR_BITS, fallback_search.EIGHT_BITS])
def test_what_can_not_be_measured_here_has_no_price(recipe, monkeypatch, error, changes):
    def fail(*_):
        raise error

    monkeypatch.setattr(Prices, "_timed", fail)
    assert of(recipe, changes, (1.0,), 3.0) is None


def test_measuring_leaves_random_numbers_and_the_model_as_they_were(recipe):
    base = base_of("llama")
    before, state = (
        {name: each.clone() for name, each in base.model.named_parameters()},
        torch.get_rng_state(),
    )
    Prices(base, recipe).of(
        run_store.changed(recipe, fallback_search.FOUR_BITS | fallback_search.EIGHT_BITS, 0), 1.0, LOADS
    )

    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[name], each) for name, each in base.model.named_parameters())
    assert all(each.grad is None for each in base.model.parameters())


def test_a_layer_sees_the_tokens_of_its_stack():
    load = Load(3, 50, 7, 20)
    assert (Shape(8, 16, True).tokens(load), Shape(8, 16, False).tokens(load)) == (150, 21)
    assert {shape.encodes for shape in quantizable(base_of("t5").model)} == {True, False}
    assert {shape.encodes for shape in quantizable(base_of("llama").model)} == {True}
