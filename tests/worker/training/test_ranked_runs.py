"""Whole runs in two processes: the same adapter and scores as in one, one owner, and an end when a process is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time

import pytest

from engine.adapters import library
from engine.jobs.events import read_all
from engine.jobs.worker_process import worker_command
from engine.runs import run_store
from engine.system.paths import plans_folder, scores_folder
from engine.worker.runtime import devices, fork_pool
from engine.worker.training import rank_shards
from tests.helpers.rank_follower import follower
from tests.helpers.tiny_runs import (
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


def test_a_run_goes_on_with_another_number_of_processes_to_the_same_bits_and_says_so(
    tmp_path, with_other, in_forks, monkeypatch
):
    recipe = tiny_recipe(tmp_path, "llama", "lora", "training.epochs=1", "evaluation.general_text=none")
    _, uninterrupted = with_other(train_in_process, recipe)

    def stopped():
        with monkeypatch.context() as patch:
            on_event(
                patch,
                lambda event, facts: event == "step_finished" and facts["step"] == 1,
                request_stop,
            )
            return train_in_process(recipe)

    job, events = with_other(stopped)
    assert events[-1]["outcome"] == "stopped"
    resumed = run_in_process(job)

    assert weights(resumed) == weights(uninterrupted)
    notices = [event["message"] for event in events_named(resumed, "notice")]
    assert any(message.startswith("The run goes on in 1 process instead of 2.") for message in notices)


def test_what_fails_in_another_process_is_the_runs_and_names_it(tmp_path, with_other, monkeypatch, capfd):
    as_message = rank_shards.as_message
    monkeypatch.setattr(rank_shards, "as_message", lambda shard: as_message(shard) | {"seeds": []})
    _, events = with_other(train_in_process, tiny_recipe(tmp_path, "t5", "lora", "training.epochs=1"))

    assert events[-1]["outcome"] == "failed"
    assert "Process 1" in events[-1]["message"]
    assert "in compute" in capfd.readouterr().err


def test_a_process_that_is_killed_ends_the_run_which_can_be_resumed(tmp_path, in_forks):
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.epochs=1000", "training.evaluate_every=1000")
    job = run_store.create_run(recipe)
    with follower() as other:
        # A process of its own: what is left of a broken connection goes with it.
        first = subprocess.Popen(worker_command(job.folder), env=os.environ | other.next_run())
        while not any(event["event"] == "step_finished" for event in read_all(job.events_path)):
            assert first.poll() is None
            time.sleep(0.05)
        os.kill(other.pid, signal.SIGKILL)
        assert first.wait(60) == 0

    *_, ended = read_all(job.events_path)
    assert (ended["outcome"], ended["kind"]) == ("failed", "ProcessLostError")
    assert "Process 1" in ended["message"]
    # No step before it is lost, and the run can be resumed from there.
    steps = [event["step"] for event in read_all(job.events_path) if event["event"] == "step_finished"]
    assert run_store.checkpoints(job)[-1].name == f"checkpoint-{steps[-1]}"
    assert run_store.open_run(job).outcome == "failed"
