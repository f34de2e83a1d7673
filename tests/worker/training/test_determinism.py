"""A card's deterministic algorithms: chosen by their price, told, kept by a resumed run, and off afterwards."""

from __future__ import annotations

import json
import warnings

import pytest
import torch
from safetensors.torch import load_file

from engine.runs import run_store
from engine.worker.training import determinism
from engine.worker.training.step_gradients import StepGradients
from tests.helpers.tiny_runs import (
    adapter_of,
    events_named,
    on_event,
    request_stop,
    run_in_process,
    tiny_recipe,
    train_in_process,
)

pytestmark = pytest.mark.torch
ON, OFF = "Deterministic algorithms are on", "Deterministic algorithms are off"


@pytest.fixture
def processor_as_card(monkeypatch):
    """Treat the processor as a card."""
    monkeypatch.setattr(determinism, "CARDS", frozenset({"cpu"}))


def costing(monkeypatch, cost, *missing):
    """Let the price be known; return a list that grows with each measurement."""
    calls = []

    def measure(*_):
        calls.append(cost)
        return cost, frozenset(missing)

    monkeypatch.setattr(determinism, "_measure", measure)
    return calls


def used_in_steps(monkeypatch):
    """Return a list of whether each step's algorithms were deterministic."""
    used = []
    on_event(
        monkeypatch,
        lambda name, _: name == "step_finished",
        lambda _: used.append(torch.are_deterministic_algorithms_enabled()),
    )
    return used


def notices(events):
    return [event["message"] for event in events_named(events, "notice")]


@pytest.mark.usefixtures("processor_as_card")
@pytest.mark.parametrize(
    ("setting", "cost", "expected"),
    [("auto", 0.04, True), ("auto", 0.3, False), ("on", 0.3, True), ("off", 0.0, False)],
)
def test_they_are_used_where_they_cost_little_or_are_asked_for(
    tmp_path, monkeypatch, setting, cost, expected
):
    measured, used = costing(monkeypatch, cost), used_in_steps(monkeypatch)
    job, events = train_in_process(tiny_recipe(tmp_path, "t5", "lora", f"training.deterministic={setting}"))

    assert events[-1]["outcome"] == "completed"
    assert set(used) == {expected}
    assert not torch.are_deterministic_algorithms_enabled()
    state = json.loads((run_store.checkpoints(job)[-1] / "run_state.json").read_text(encoding="utf-8"))
    assert state["deterministic"] is expected
    told = [message for message in notices(events) if message.startswith((ON, OFF))]
    assert len(measured) == len(told) == (0 if setting == "off" else 1)
    assert all(message.startswith(ON if expected else OFF) for message in told)
    assert all(f"{cost:.0%}" in message for message in told)


def test_on_a_processor_nothing_is_measured_and_nothing_said(tmp_path, monkeypatch):
    measured = costing(monkeypatch, 0.0)
    _, events = train_in_process(tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=1"))
    assert measured == []
    assert not [message for message in notices(events) if message.startswith((ON, OFF))]


@pytest.mark.usefixtures("processor_as_card")
def test_measuring_leaves_the_run_as_it_was(tmp_path):
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.deterministic=on")
    _, measured = train_in_process(recipe)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(determinism, "CARDS", frozenset())
        _, plain = train_in_process(recipe)
    one, other = (
        load_file(adapter_of(events).folder / "adapter_model.safetensors") for events in (measured, plain)
    )

    assert any(message.startswith(ON) for message in notices(measured))
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())


@pytest.mark.usefixtures("processor_as_card")
def test_a_resumed_run_keeps_what_was_chosen(tmp_path, monkeypatch):
    measured, used = costing(monkeypatch, 0.05), used_in_steps(monkeypatch)
    job = run_store.create_run(tiny_recipe(tmp_path, "t5", "lora"))
    with pytest.MonkeyPatch.context() as patch:
        on_event(patch, lambda name, facts: name == "step_finished" and facts["step"] == 2, request_stop)
        assert run_in_process(job)[-1]["outcome"] == "stopped"
    assert run_in_process(job)[-1]["outcome"] == "completed"

    assert measured == [0.05]
    assert set(used) == {True}


@pytest.mark.usefixtures("processor_as_card")
def test_operations_without_such_an_algorithm_are_named(tmp_path, monkeypatch):
    compute = StepGradients.dry_run

    def warn(*arguments):
        if torch.are_deterministic_algorithms_enabled():
            warnings.warn(
                "cumsum_cuda_kernel does not have a deterministic implementation, but you set …", stacklevel=1
            )
        return compute(*arguments)

    monkeypatch.setattr(StepGradients, "dry_run", warn)
    _, events = train_in_process(tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=1"))

    assert any("cumsum_cuda_kernel has no deterministic algorithm" in message for message in notices(events))
