"""A cluster of three nodes for the tests of a process, and terminals that know it as "lab"."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from engine.computers import store
from engine.computers.computer import Computer
from engine.config import recipe as recipes
from engine.jobs.events import read_all
from engine.jobs.job import Job
from tests.helpers.command_line import Terminal
from tests.helpers.ray_cluster import ray_cluster
from tests.helpers.tiny_runs import tiny_recipe

MARKS = [
    pytest.mark.slow("engine/cluster/", "engine/computers/", "tests/end_to_end/cluster/"),
    pytest.mark.end_to_end,
    pytest.mark.torch,
    pytest.mark.timeout(900),
]


@pytest.fixture(autouse=True)
def _no_leaks():
    """Ray starts and ends processes as it likes; all end with the cluster."""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A head and two nodes with two processors each: place for two entries of one or of two processes."""
    with ray_cluster(tmp_path_factory.mktemp("cluster"), processors=2) as started:
        yield started


@pytest.fixture
def terminal(home, cluster, monkeypatch):
    """A terminal whose computer "lab" is the cluster."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    store.add(Computer("lab", "ray", cluster.address, token_file=str(cluster.token_file)))
    return Terminal(home)


@pytest.fixture
def recipe_file(tmp_path):
    """Writes a recipe with checkpoints from the first second on, and returns its file.

    It has so many epochs that it still trains when it is asked to pause, which takes its time where others compute.
    """

    def write(epochs: int, *more: str) -> Path:
        often = (
            f"training.epochs={epochs}",
            "training.checkpoint_every=4",
            f"training.evaluate_every={epochs}",
        )
        recipes.save(tiny_recipe(tmp_path, "t5", "lora", *often, *more), tmp_path / "recipe.toml")
        return tmp_path / "recipe.toml"

    return write


def event_of(job: Job, name: str, number: int = 1) -> dict[str, Any]:
    """Return the first event with a name, or a later one, once it is there; how long is the runner's limit."""
    while True:
        events = list(read_all(job.events_path))
        named = [event for event in events if event["event"] == name]
        if len(named) >= number:
            return named[number - 1]
        if any(event["event"] == "job_ended" for event in events):
            log = job.log_path.read_text() if job.log_path.exists() else ""
            raise AssertionError(f"no {name} among {events}; its log: {log}")
        time.sleep(0.1)


def first_with(process: subprocess.Popen[str], name: str, value: str = "") -> dict[str, Any]:
    """Return the first line of a command that has a value by this name, with a text in it."""
    assert process.stdout is not None
    for line in process.stdout:
        found: dict[str, Any] = json.loads(line)
        if value in str(found.get(name, "")) and name in found:
            return found
    raise AssertionError(process.stderr.read() if process.stderr else "")
