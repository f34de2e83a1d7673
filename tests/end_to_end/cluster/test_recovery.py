"""An arena at a cluster outlives whoever sent it, and a node; what comes back is what runs here give."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.config import recipe as recipes
from engine.jobs.events import read_all
from engine.jobs.job import Job
from engine.runs.run_summaries import read_entry
from tests.helpers.command_line import Terminal
from tests.helpers.ray_cluster import RayCluster
from tests.helpers.tiny_runs import tiny_recipe

pytestmark = [pytest.mark.end_to_end, pytest.mark.torch]
SECONDS = 90.0


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    """A recipe of some seconds, with a checkpoint at every other step."""
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.epochs=4", "training.checkpoint_every=2")
    recipes.save(recipe, tmp_path / "recipe.toml")
    return tmp_path / "recipe.toml"


def event_of(job: Job, name: str) -> dict[str, Any]:
    """Return the first event with a name, once it is there."""
    return waited_for(lambda: (event for event in read_all(job.events_path) if event["event"] == name))


def waited_for(find: Callable[[], Iterator[dict[str, Any]]]) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        for found in find():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come")


def test_an_arena_outlives_its_bridge_and_a_node(
    terminal: Terminal, home: Path, cluster: RayCluster, recipe_file: Path
) -> None:
    methods = ["--method", "lora", "--method", "ia3"]
    [made] = terminal.run("arena", "new", str(recipe_file), *methods, "--json").json
    with terminal.start("arena", "run", made["arena"], "--on", "lab", "--yes", "--json") as process:
        events = map(json.loads, process.stdout)
        bridge = next(event["pid"] for event in events if event["event"] == "job_accepted")
        job = Job(home / "runs" / next(event["run"] for event in events if event["event"] == "entry_started"))
        event_of(job, "checkpoint_saved")
        job.send("pause")
        event_of(job, "run_paused")
        psutil.Process(bridge).kill()
        process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert read_entry(job).outcome == "away"

    [lab] = terminal.run("computers", "show", "lab", "--json").json[-1]["computers"]
    [node] = {entry["node"] for entry in lab["entries"] if entry["run"] == job.id}
    cluster.kill_node(node)

    done = terminal.run("arena", "run", made["arena"], "--on", "lab", "--json")
    assert done.code == 0
    assert {entry["state"] for entry in done.json[-1]["entries"]} == {"completed"}
    stream = list(read_all(job.events_path))
    assert next(event for event in stream if event["event"] == "run_resumed")["step"] >= 2
    assert [event["outcome"] for event in stream if event["event"] == "job_ended"] == ["completed"]
    assert job.log_path.exists()
    # Nothing private is left where it ran.
    kept = cluster.token_file.parent / "nodes" / "cluster"
    assert [*(kept / "storage" / "entries").iterdir(), *(kept / "nodes").glob("*/runs/*")] == []

    here = Job(home / "runs" / terminal.run("train", str(job.recipe_path), "--json").json[0]["run"])
    assert weights(home, job) == weights(home, here)
    assert (job.folder / "scores.json").read_text() == (here.folder / "scores.json").read_text()


def weights(home: Path, job: Job) -> bytes:
    """Return the weights of a run's adapter."""
    return (home / "adapters" / job.id / "adapter_model.safetensors").read_bytes()
