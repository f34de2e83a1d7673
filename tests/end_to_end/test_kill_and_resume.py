"""A run that is killed, through the command line alone, ends like one that never was."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.adapters import library
from engine.config import recipe as recipes
from engine.jobs.events import read_all
from engine.runs import run_store
from tests.helpers.repository import MAIN
from tests.helpers.tiny_runs import tiny_recipe, train_in_process

pytestmark = [pytest.mark.torch, pytest.mark.end_to_end]


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, str(MAIN), *arguments, "--json"],
        stdout=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def follow(process):
    for line in process.stdout:
        yield json.loads(line)


def weights(events):
    saved = [event for event in events if event.get("event") == "adapter_saved"][-1]
    return (Path(saved["path"]) / library.WEIGHTS_NAME).read_bytes()


def counted(events):
    (started,) = [event for event in events if event.get("event") == "run_started"]
    return started["trainable_parameters"], started["all_parameters"]


def test_a_killed_run_ends_with_the_same_adapter(tmp_path):
    path = tmp_path / "recipe.toml"
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.checkpoint_every=2", "training.epochs=8")
    recipes.save(recipe, path)
    uninterrupted, undisturbed = train_in_process(recipe)

    with start("train", str(path)) as process:
        for event in follow(process):
            if event.get("event") == "job_accepted":
                worker = event["pid"]
            if event.get("event") == "step_finished" and event["step"] == 5:
                os.kill(worker, signal.SIGKILL)
                break
        run_id = event["run"]
        list(follow(process))
    job = run_store.find_job(run_id)
    assert process.returncode == 1
    assert run_store.open_run(job).outcome == "crashed"

    with start("resume", run_id) as resumed:
        events = list(follow(resumed))
    assert resumed.returncode == 0
    assert any(event["event"] == "run_resumed" for event in read_all(job.events_path))
    assert weights(events) == weights(undisturbed)
    # A program counts as its worker does in this process, which is compared with the plan in tests/commands.
    assert counted(events) == counted(undisturbed)
    assert run_store.open_run(job).state.loss == run_store.open_run(uninterrupted).state.loss
