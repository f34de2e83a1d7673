"""Whole runs in two processes: the same adapter and scores as in one, one owner, and an end when a process is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file
from torch.distributed.tensor import DTensor
from transformers.models.llama.modeling_llama import LlamaMLP

from engine.adapters import library
from engine.jobs.events import read_all
from engine.jobs.worker_process import group_command, worker_command
from engine.runs import run_store
from engine.system.paths import plans_folder, scores_folder
from engine.worker.modeling import sharded_blocks
from engine.worker.runtime import devices, fork_pool, rank_joining
from engine.worker.training import rank_shards, step_gradients
from tests.helpers.rank_follower import follower
from tests.helpers.tiny_runs import (
    adapter_of,
    events_named,
    on_event,
    request_stop,
    run_in_process,
    tiny_recipe,
    train_in_process,
)

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not fork_pool.is_supported(), reason="compared with forks"),
]


@pytest.fixture(scope="module")
def other():
    """Have another process that joins one run after the other."""
    with follower() as started:
        yield started


@pytest.fixture
def with_other(other, monkeypatch):
    """Return what does something with the other process, which then ends its part without a trouble."""

    def do(function, *arguments):
        with monkeypatch.context() as patch:
            for name, value in other.next_run().items():
                patch.setenv(name, value)
            found = function(*arguments)
        assert other.result() == 0
        return found

    return do


@pytest.fixture
def in_forks(monkeypatch):
    """Let steps have two shards when this process is alone, and let nothing come from a cache."""
    process_count = devices.process_count
    monkeypatch.setattr(
        devices, "process_count", lambda *given: 2 if "RANK" not in os.environ else process_count(*given)
    )
    for folder in (plans_folder(), scores_folder()):
        shutil.rmtree(folder, ignore_errors=True)


def weights(events):
    adapter = library.find(events_named(events, "adapter_saved")[-1]["adapter"])
    return (adapter.folder / library.WEIGHTS_NAME).read_bytes()


def refuse_forks(*_):
    raise OSError("No process can be forked.")


def scored(events):
    """Return everything that a run measured and wrote."""
    told = [
        (event["step"], event["of"] == "base", event.get("loss"), event.get("scores"), event.get("measures"))
        for event in events_named(events, "evaluated")
    ]
    return told, [event["summary"] for event in events_named(events, "sample_made")]


def test_a_run_in_two_processes_is_that_of_two_forks_with_dropout_losses_scores_and_summaries(
    tmp_path, with_other, in_forks
):
    recipe = tiny_recipe(tmp_path, "t5", "adalora", "training.epochs=1")
    _, shared = with_other(train_in_process, recipe)
    shutil.rmtree(scores_folder())
    _, alone = train_in_process(recipe)

    assert [each[-1]["outcome"] for each in (alone, shared)] == ["completed", "completed"]
    [started] = events_named(shared, "run_started")
    assert (started["processes"], started["replicas"]) == (2, 2)
    assert weights(alone) == weights(shared)
    assert scored(alone) == scored(shared)


def test_a_run_goes_on_with_other_numbers_of_processes_to_the_same_bits_and_says_so(
    tmp_path, with_other, in_forks, monkeypatch
):
    recipe = tiny_recipe(tmp_path, "llama", "lora", "training.epochs=1", "evaluation.general_text=none")
    _, uninterrupted = with_other(train_in_process, recipe)

    def stopped(step, function, *given):
        with monkeypatch.context() as patch:
            on_event(
                patch,
                lambda event, facts: (event, facts.get("step")) == ("step_finished", step),
                request_stop,
            )
            return function(*given)

    job, in_two = with_other(stopped, 1, train_in_process, recipe)
    in_one = stopped(2, run_in_process, job)
    in_two_again = with_other(run_in_process, job)

    assert [each[-1]["outcome"] for each in (in_two, in_one, in_two_again)] == [
        "stopped",
        "stopped",
        "completed",
    ]
    assert weights(in_two_again) == weights(uninterrupted)
    for events, told in (
        (in_one, "in 1 process instead of 2."),
        (in_two_again, "in 2 processes instead of 1."),
    ):
        messages = [event["message"] for event in events_named(events, "notice")]
        assert any(message.startswith(f"The run goes on {told}") for message in messages)


@pytest.mark.parametrize("method", ["lora", "prompt_tuning"])
def test_with_as_many_parts_of_a_step_one_process_and_two_get_the_same_bits(
    tmp_path, with_other, monkeypatch, method
):
    """Without forks, which a process that was part of a group should not make: this one computes part after part."""
    recipe = tiny_recipe(tmp_path, "llama", method, "training.epochs=1", "training.step_parts=4")
    _, in_two = with_other(train_in_process, recipe)
    shutil.rmtree(scores_folder())
    monkeypatch.setattr(step_gradients, "ShardForks", refuse_forks)
    _, in_one = train_in_process(recipe)

    assert [events_named(each, "run_started")[0]["replicas"] for each in (in_one, in_two)] == [4, 4]
    assert weights(in_two) == weights(in_one)


# --------------------------------------------------------------------------------------------- a sharded base model
SHARDED = ("training.epochs=1", "training.learning_rate=0.001", "training.activation_checkpointing=true")


@pytest.fixture
def shares(monkeypatch):
    """Return a list that gets the part of the blocks' weights that this process holds, once they are sharded."""
    found = []

    def shard(*given):
        blocks = stock(*given)
        held = [each for block in blocks for each in block.parameters() if isinstance(each, DTensor)]
        found.append(sum(each.to_local().numel() for each in held) / sum(each.numel() for each in held))
        return blocks

    stock = sharded_blocks.shard
    monkeypatch.setattr(sharded_blocks, "shard", shard)
    return found


@pytest.fixture
def gathered(monkeypatch):
    """Return a list that gets how many blocks are whole in this process each time that it gathers one."""
    found = []

    def unshard(self, number):
        stock(self, number)
        found.append(sum(not sharded_blocks._is_sharded(block) for block in self._blocks))

    stock = sharded_blocks.ShardedBlocks._unshard
    monkeypatch.setattr(sharded_blocks.ShardedBlocks, "_unshard", unshard)
    return found


@pytest.mark.parametrize(
    ("kind", "method"), [("llama", "lora"), ("t5", "bottleneck"), ("bart", "prompt_tuning")]
)
def test_processes_that_share_out_a_base_in_four_bits_compute_what_those_with_the_whole_of_it_do(
    tmp_path, with_other, shares, gathered, kind, method
):
    fixed = [*SHARDED, "base_model.quantization=nf4"]
    _, whole = with_other(train_in_process, tiny_recipe(tmp_path, kind, method, *fixed))
    shutil.rmtree(scores_folder())
    recipe = tiny_recipe(tmp_path, kind, method, *fixed, "training.shard=true")
    _, sharded = with_other(train_in_process, recipe)

    assert [each[-1]["outcome"] for each in (whole, sharded)] == ["completed", "completed"]
    assert shares == [pytest.approx(0.5, abs=0.05)]
    one, other = (load_file(adapter_of(each).folder / library.WEIGHTS_NAME) for each in (whole, sharded))
    assert all(torch.equal(one[name], other[name]) for name in one)
    # A block is dropped once it was computed. On the way back the one before it is there by then, and one may be lent.
    assert max(gathered) <= 3
    assert gathered.count(1) > len(gathered) / 2
    assert scored(whole)[1] == scored(sharded)[1]
    [here], [there] = (events_named(each, "run_started") for each in (whole, sharded))
    assert (here["all_parameters"], here["sharded"]) == (there["all_parameters"], not there["sharded"])


def test_a_sharded_run_as_accelerate_configures_it_goes_on_to_the_same_bits(
    tmp_path, with_other, shares, monkeypatch
):
    """The variable is what `accelerate launch` sets where FSDP is chosen."""
    monkeypatch.setenv(rank_joining.FSDP, "true")
    recipe = tiny_recipe(tmp_path, "llama", "lora", *SHARDED)
    _, uninterrupted = with_other(train_in_process, recipe)
    shutil.rmtree(scores_folder())

    def stopped(name, **others):
        with monkeypatch.context() as patch:
            on_event(
                patch, lambda event, facts: event == name and others.items() <= facts.items(), request_stop
            )
            return train_in_process(recipe)

    # While summaries are written, by both.
    _, in_scoring = with_other(lambda: stopped("stage_progressed", unit="summaries"))
    job, in_training = with_other(lambda: stopped("step_finished", step=1))
    assert [each[-1]["outcome"] for each in (in_scoring, in_training)] == ["stopped", "stopped"]
    resumed = with_other(run_in_process, job)

    assert len(shares) == 4
    assert weights(resumed) == weights(uninterrupted)


def test_a_sharded_base_model_that_is_only_prompted_is_scored_as_a_whole_one(tmp_path, with_other, shares):
    _, whole = with_other(train_in_process, tiny_recipe(tmp_path, "llama", "prompt_only"))
    shutil.rmtree(scores_folder())
    sharded_recipe = tiny_recipe(tmp_path, "llama", "prompt_only", "training.shard=true")
    _, sharded = with_other(train_in_process, sharded_recipe)

    assert [each[-1]["outcome"] for each in (whole, sharded)] == ["completed", "completed"]
    assert len(shares) == 1
    assert scored(whole) == scored(sharded)


def test_an_error_in_the_middle_of_a_sharded_model_ends_the_run_with_it(
    tmp_path, with_other, monkeypatch, capfd
):
    calls = []

    def fail(self, *given, **others):
        calls.append(self)
        if len(calls) == 20:
            raise RuntimeError("It broke.")
        return stock(self, *given, **others)

    stock = LlamaMLP.forward
    monkeypatch.setattr(LlamaMLP, "forward", fail)
    _, events = with_other(
        train_in_process, tiny_recipe(tmp_path, "llama", "lora", *SHARDED, "training.shard=true")
    )

    assert (events[-1]["outcome"], "It broke." in capfd.readouterr().err) == ("failed", True)


@pytest.mark.parametrize("shard", ["false", "true"])
def test_what_fails_in_another_process_is_the_runs_and_names_it(
    tmp_path, with_other, monkeypatch, capfd, shard
):
    as_message = rank_shards.as_message
    monkeypatch.setattr(rank_shards, "as_message", lambda shard: as_message(shard) | {"seeds": []})
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.epochs=1", f"training.shard={shard}")
    _, events = with_other(train_in_process, recipe)

    assert events[-1]["outcome"] == "failed"
    assert "Process 1" in events[-1]["message"]
    assert "in compute" in capfd.readouterr().err


def lose(other, first, job, *, once):
    """Kill the other process once an event has come, and see the run end with that reason."""
    while not any(event["event"] == once for event in read_all(job.events_path)):
        assert first.poll() is None
        time.sleep(0.05)
    os.kill(other.pid, signal.SIGKILL)
    assert first.wait(60) == 0
    *_, ended = read_all(job.events_path)
    assert (ended["outcome"], ended["kind"]) == ("failed", "ProcessLostError")
    assert "Process 1" in ended["message"]


@pytest.mark.parametrize("shard", ["false", "true"])
def test_a_process_that_is_killed_ends_the_run_which_can_be_resumed(tmp_path, in_forks, shard):
    long = ("training.epochs=1000", "training.evaluate_every=1000", f"training.shard={shard}")
    recipe = tiny_recipe(tmp_path, "t5", "lora", *long)
    job = run_store.create_run(recipe)
    with follower() as other:
        # A process of its own: what is left of a broken connection goes with it.
        first = subprocess.Popen(worker_command(job.folder), env=os.environ | other.next_run())
        lose(other, first, job, once="step_finished")
    # No step before it is lost, and the run can be resumed from there.
    steps = [event["step"] for event in read_all(job.events_path) if event["event"] == "step_finished"]
    assert run_store.checkpoints(job)[-1].name == f"checkpoint-{steps[-1]}"
    assert run_store.open_run(job).outcome == "failed"


def test_a_run_whose_libraries_wait_for_a_lost_process_ends_all_the_same(tmp_path):
    """As NCCL does, and gloo for a process of another computer."""
    job = run_store.create_run(tiny_recipe(tmp_path, "t5", "lora"))
    with follower() as other:
        waiting = [sys.executable, "-m", "tests.helpers.stuck_worker", str(job.folder)]
        first = subprocess.Popen(waiting, env=os.environ | other.next_run())
        lose(other, first, job, once="stage_entered")


def test_a_run_on_all_cards_ends_with_all_of_its_processes(tmp_path):
    (tmp_path / "temporary").mkdir()
    job = run_store.create_run(tiny_recipe(tmp_path, "t5", "lora", "training.epochs=1"))
    environment = os.environ | {"TMPDIR": str(tmp_path / "temporary")}
    assert subprocess.run(group_command(job.folder, 2), env=environment, check=False).returncode == 0

    events = list(read_all(job.events_path))
    assert (events_named(events, "run_started")[0]["processes"], events[-1]["outcome"]) == (2, "completed")
    # Nothing that they sent each other is left.
    assert not list((tmp_path / "temporary").rglob("*ranks*"))


def test_a_run_on_all_cards_that_is_told_to_stop_saves_and_ends_with_all_of_its_processes(tmp_path):
    job = run_store.create_run(tiny_recipe(tmp_path, "t5", "lora", "training.epochs=1000"))
    group = subprocess.Popen(group_command(job.folder, 2))
    while not any(event["event"] == "step_finished" for event in read_all(job.events_path)):
        assert group.poll() is None
        time.sleep(0.05)
    group.terminate()
    assert group.wait(60) == 0
    assert list(read_all(job.events_path))[-1]["outcome"] == "stopped"
    assert run_store.checkpoints(job)
