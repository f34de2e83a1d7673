"""The heaviest step is computed before the first or right behind it: told, forgotten, without a trace in the run."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import psutil
import pytest
import torch

from engine.worker.dataset.collator import Collator, StepSampler
from engine.worker.dataset.prompter import Encoded
from engine.worker.jobs import train
from engine.worker.planning.peak_batch import find_peak_step
from engine.worker.runtime import devices, oom
from engine.worker.training import memory_probe, training_loop
from engine.worker.training.training_run import TrainingRun
from tests.helpers.tiny_runs import (
    events_named,
    on_event,
    request_stop,
    run_in_process,
    tiny_recipe,
    train_in_process,
)

pytestmark = pytest.mark.torch


def peak_of(examples, collator, sampler, steps):
    """Return the examples of a run's peak step and the shape of its largest micro-batch."""
    peak = find_peak_step(collator, sampler, steps)
    return [examples[index] for index in peak.examples], peak.largest


def encoded(lengths):
    return [Encoded(tuple([5] * inputs), tuple([6] * labels)) for inputs, labels in lengths]


# What is probed


def test_only_steps_to_come_are_looked_at():
    examples = encoded([(10, 2)] * 5 + [(90, 2)])
    collator = Collator("encoder-decoder", 0, 500)
    sampler = StepSampler(examples, 1, 0, "random")
    longest = [index for [index] in sampler].index(5)

    assert peak_of(examples, collator, sampler, range(longest, 6))[1].input_length == 90
    assert peak_of(examples, collator, sampler, range(longest + 1, 6))[1].input_length == 10


# In a run


@pytest.fixture(scope="module")
def unprobed(tmp_path_factory):
    """Return the events of a method's run that is not probed, trained once, with the recipe."""

    @cache
    def trained(method):
        folder = tmp_path_factory.mktemp("unprobed")
        recipe = tiny_recipe(folder, "t5", method, "training.max_steps=3")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TUNESMITH_HOME", str(folder / "home"))
            patch.setattr(training_loop, "_probe", lambda *_: True)
            return recipe, train_in_process(recipe)[1]

    return trained


# 0: before the first step, 1: behind it.
@pytest.mark.parametrize(("method", "no_risk"), [("lora", 0), ("adalora", 1), ("p_tuning", 0)])
def test_a_run_with_a_probe_is_to_the_bit_the_run_without(unprobed, monkeypatch, method, no_risk):
    recipe, plain = unprobed(method)
    monkeypatch.setattr(memory_probe, "SAFE_FRACTION", no_risk)
    _, probed = train_in_process(recipe)
    told = ("step", "loss", "gradient_norm", "learning_rate")

    def steps(events):
        return [[event[key] for key in told] for event in events_named(events, "step_finished")]

    assert [len(events_named(events, "memory_probed")) for events in (probed, plain)] == [1, 0]
    assert steps(probed) == steps(plain)
    scores = [events_named(events, "evaluated")[-1]["scores"] for events in (probed, plain)]
    assert scores[0] == scores[1]


def test_what_is_probed_is_told_before_the_first_step_and_again_when_a_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(memory_probe, "SAFE_FRACTION", 0)
    recipe = tiny_recipe(tmp_path, "llama", "lora")
    with monkeypatch.context() as patch:
        on_event(patch, lambda event, facts: event == "step_finished" and facts["step"] == 3, request_stop)
        job, events = train_in_process(recipe)
    [told] = events_named(events, "memory_probed")

    assert names(events)[:2] == ["memory_probed", "step_finished"]
    assert 0 < told["needed"] < told["available"]
    assert told["seconds"] > 0
    assert told["examples"] == 8
    assert told["rows"] * told["input_length"] > 0
    assert len(events_named(run_in_process(job), "memory_probed")) == 1


def test_a_run_that_is_no_risk_has_its_first_step_before_and_one_whose_plan_is_unknown_has_not(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(memory_probe, "SAFE_FRACTION", 1)
    recipe = tiny_recipe(tmp_path, "llama", "lora")
    _, events = train_in_process(recipe)
    assert names(events)[:3] == ["step_finished", "memory_probed", "step_finished"]

    monkeypatch.setattr(train, "TrainingRun", lambda **facts: TrainingRun(**facts | {"planned_memory": {}}))
    _, events = train_in_process(recipe)
    assert names(events)[:2] == ["memory_probed", "step_finished"]


def names(events):
    return [event["event"] for event in events if event["event"] in {"memory_probed", "step_finished"}]


@pytest.mark.parametrize("no_risk", [0, 1], ids=["before the first step", "behind it"])
def test_a_stop_in_mid_probe_ends_the_run_in_order(tmp_path, monkeypatch, no_risk):
    monkeypatch.setattr(memory_probe, "SAFE_FRACTION", no_risk)
    probe = training_loop._probe

    def stopped(run, state, channel, control):
        channel.stopping = True
        return probe(run, state, channel, control)

    with monkeypatch.context() as patch:
        patch.setattr(training_loop, "_probe", stopped)
        job, events = train_in_process(tiny_recipe(tmp_path, "t5"))
    assert events[-1]["outcome"] == "stopped"
    assert names(events) == ["step_finished"] * no_risk

    assert run_in_process(job)[-1]["outcome"] == "completed"


# Memory


def test_the_peak_is_what_was_there_at_once_and_not_what_is_left():
    size = 200_000_000
    with devices.PeakMemory(torch.device("cpu")) as peak:
        torch.ones(size // 4).sum()

    assert peak.bytes > devices.memory_bytes(torch.device("cpu")) + size / 2


def test_a_containers_limit_bounds_the_available_memory(tmp_path, monkeypatch):
    for name, text in (("LIMIT", "1000000"), ("USED", "900000"), ("PARTS", "anon 9\ninactive_file 300000")):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        monkeypatch.setattr(devices, f"CGROUP_{name}", path)
    monkeypatch.setattr(psutil.Process, "memory_info", lambda _: SimpleNamespace(rss=2_000_000))

    assert devices.available_bytes(torch.device("cpu")) == 2_400_000
    (tmp_path / "LIMIT").write_text("max\n", encoding="utf-8")
    assert devices.available_bytes(torch.device("cpu")) > 10_000_000
    (tmp_path / "LIMIT").unlink()
    assert devices.available_bytes(torch.device("cpu")) > 10_000_000


@pytest.mark.parametrize(
    ("error", "is_oom"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory"),
            True,
        ),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), True),
        (oom.MemoryExceeded(2, 1), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
    ],
)
def test_out_of_memory_is_told_from_other_errors(error, is_oom):
    assert oom.is_oom(error) is is_oom
