"""A GPU's deterministic algorithms: strict ones or none, told, kept by a resumed run, and off afterwards."""

import json
import re

import pytest
import torch

from engine.config.training import TrainingOptions
from engine.runs import run_store
from engine.worker import __main__ as worker
from engine.worker.training import step_gradients
from tests.helpers.tiny_runs import (
    adapter_of,
    completed,
    events_named,
    stopped_after,
    tiny_recipe,
    train_in_process,
)

pytestmark = pytest.mark.torch
# A tiny model is mostly adapter otherwise.
SMALL = {"lora": ("method.rank=4",), "full": ()}
CUMSUM = "cumsum_cuda_kernel does not have a deterministic implementation, but you set '…(True)'. You can …"
CUBLAS = (
    "Deterministic behavior was enabled, but this operation is not deterministic because it uses CuBLAS and …"
)


@pytest.fixture
def cpu_as_gpu(monkeypatch):
    """Treat the CPU as a GPU; return what the micro-batches that are trained on were computed with."""
    monkeypatch.setattr(step_gradients, "DETERMINISTIC_GPUS", frozenset({"cpu"}))
    compute, used = step_gradients.token_loss_sum, []

    def watched(*arguments):
        strict = torch.are_deterministic_algorithms_enabled()
        assert not torch.is_deterministic_algorithms_warn_only_enabled()
        used.append(strict)
        return compute(*arguments)

    monkeypatch.setattr(step_gradients, "token_loss_sum", watched)
    return used


def told(events):
    return [each["message"] for each in events_named(events, "notice") if "eterministic" in each["message"]]


def stored(job):
    file = run_store.checkpoints(job)[-1] / "run_state.json"
    return json.loads(file.read_text(encoding="utf-8"))["deterministic"]


def weights(events):
    return (adapter_of(events).folder / "adapter_model.safetensors").read_bytes()


@pytest.mark.slow("engine/worker/training/", quick=2)
@pytest.mark.parametrize(
    ("setting", "method", "expected"),
    [("auto", "lora", True), ("auto", "full", False), ("on", "full", True), ("off", "lora", False)],
)
def test_they_are_on_for_lora_and_where_they_are_asked_for(tmp_path, cpu_as_gpu, setting, method, expected):
    recipe = tiny_recipe(
        tmp_path, "t5", method, f"training.deterministic={setting}", "training.max_steps=1", *SMALL[method]
    )
    job, events = completed(recipe)
    assert set(cpu_as_gpu) == {expected}
    assert not torch.are_deterministic_algorithms_enabled()
    assert stored(job) is expected
    assert [message.startswith("Deterministic algorithms are on") for message in told(events)] == (
        [] if setting == "off" else [expected]
    )


def test_on_a_cpu_they_are_not_touched(tmp_path, monkeypatch):
    monkeypatch.setattr(torch, "use_deterministic_algorithms", pytest.fail)
    job, events = completed(tiny_recipe(tmp_path, "t5", "lora", "training.max_steps=1"))
    assert (stored(job), told(events)) == (None, [])


@pytest.mark.slow("engine/worker/training/", quick=1)
@pytest.mark.parametrize(("refusal", "name"), [(CUMSUM, "cumsum_cuda_kernel"), (CUBLAS, "CuBLAS")])
def test_an_operation_that_refuses_is_named(tmp_path, monkeypatch, cpu_as_gpu, refusal, name):
    short = ("training.max_steps=3", "method.dropout=0.3")
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.deterministic=off", *short)
    _, without = train_in_process(recipe)
    watched = step_gradients.token_loss_sum
    cpu_as_gpu.clear()

    def refusing(*arguments):
        loss = watched(*arguments)
        if torch.are_deterministic_algorithms_enabled() and len(cpu_as_gpu) > 1:
            raise RuntimeError(refusal)
        return loss

    monkeypatch.setattr(step_gradients, "token_loss_sum", refusing)
    job, events = completed(tiny_recipe(tmp_path, "t5", "lora", "training.deterministic=on", *short))

    assert stored(job) is False
    on, off = told(events)
    assert "are on" in on
    assert re.search(f"off from step 2: {name} has none", off)
    # A CPU's algorithms are the same either way: the step that began anew drew the same random numbers.
    assert weights(events) == weights(without)


@pytest.mark.slow("engine/worker/training/")
def test_a_resumed_run_keeps_what_was_chosen(tmp_path, cpu_as_gpu):
    job, _ = stopped_after(tiny_recipe(tmp_path, "t5", "lora", *SMALL["lora"]), 2)
    _, resumed = completed(job)
    assert set(cpu_as_gpu) == {True}
    assert told(resumed) == []


def test_cublas_is_told_before_cuda_starts_and_old_recipes_stay_valid():
    assert worker.LIBRARY_SETTINGS["CUBLAS_WORKSPACE_CONFIG"] in (":4096:8", ":16:8")
    for setting in ("auto", "on", "off"):
        assert TrainingOptions(deterministic=setting).deterministic == setting
