"""A run that is stopped and killed, through the command line alone, ends like one that never was."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from engine.adapters import library, metadata
from engine.config import recipe as recipes
from engine.runs import run_store
from tests.helpers.repository import MAIN
from tests.helpers.tiny_runs import tiny_recipe, train_in_process

# In one process, tests/worker/jobs/test_train.py stops, ends and resumes runs every time.
pytestmark = [
    pytest.mark.torch,
    pytest.mark.end_to_end,
    pytest.mark.slow(
        "engine/commands/", "engine/jobs/", "engine/runs/", "engine/worker/jobs/", "engine/worker/training/"
    ),
]


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, str(MAIN), *arguments, "--json"], stdout=subprocess.PIPE, text=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def follow(process):
    for line in process.stdout:
        yield json.loads(line)


def weights(events):
    saved = [event for event in events if event.get("event") == "adapter_saved"][-1]
    tensors = load_file(Path(saved["path"]) / library.WEIGHTS_NAME)
    # Numbers, not bytes: of those that differ, pytest would look for the likest pairs until its time is over.
    return {name: hashlib.sha256(tensor.numpy().tobytes()).hexdigest() for name, tensor in tensors.items()}


def counted(events):
    (started,) = [event for event in events if event.get("event") == "run_started"]
    return started["trainable_parameters"], started["all_parameters"]


def until_step(process, number):
    """Return the events of a run up to one of its steps."""
    events = []
    for event in follow(process):
        events.append(event)
        if event.get("event") == "step_finished" and event["step"] == number:
            return events
    raise AssertionError(events)


def test_a_run_that_is_stopped_and_killed_ends_with_the_same_adapter(tmp_path):
    path = tmp_path / "recipe.toml"
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.checkpoint_every=2", "training.epochs=8")
    recipes.save(recipe, path)
    uninterrupted, undisturbed = train_in_process(recipe)

    with start("train", str(path)) as process:
        run_id = until_step(process, 3)[-1]["run"]
        process.send_signal(signal.SIGINT)
        stopped = list(follow(process))
    last = max([3, *(event["step"] for event in stopped if event.get("event") == "step_finished")])
    [saved] = [event for event in stopped if event.get("event") == "adapter_saved"]
    training = metadata.load(Path(saved["path"])).training
    assert process.returncode == 130
    assert (training.step, training.stopped) == (last, True)

    with start("resume", run_id) as process:
        events = until_step(process, last + 3)
        [worker] = [event["pid"] for event in events if event.get("event") == "job_accepted"]
        os.kill(worker, signal.SIGKILL)
        list(follow(process))
    job = run_store.find_job(run_id)
    assert [event["step"] for event in events if event.get("event") == "run_resumed"] == [last]
    assert process.returncode == 1
    assert run_store.open_run(job).outcome == "crashed"

    with start("resume", run_id) as resumed:
        events = list(follow(resumed))
    assert resumed.returncode == 0
    assert weights(events) == weights(undisturbed)
    # A program counts as its worker does in this process, which is compared with the plan in tests/commands.
    assert counted(events) == counted(undisturbed)
    assert run_store.open_run(job).state.loss == run_store.open_run(uninterrupted).state.loss
