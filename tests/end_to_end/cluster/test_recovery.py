"""A run at a cluster outlives whoever sent it, and the node that it is on; what comes back is what a run here gives."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from engine.config import recipe as recipes
from engine.jobs.events import read_all
from engine.jobs.job import Job
from engine.runs import run_store
from engine.runs.run_summaries import read_entry
from tests.helpers.command_line import Terminal
from tests.helpers.ray_cluster import RayCluster
from tests.helpers.tiny_runs import tiny_recipe

pytestmark = [pytest.mark.end_to_end, pytest.mark.torch]


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    """A recipe of some seconds, with a checkpoint at every other step."""
    recipe = tiny_recipe(tmp_path, "t5", "lora", "training.epochs=4", "training.checkpoint_every=2")
    recipes.save(recipe, tmp_path / "recipe.toml")
    return tmp_path / "recipe.toml"


def weights(home: Path, run_id: str) -> bytes:
    return (home / "adapters" / run_id / "adapter_model.safetensors").read_bytes()


def test_a_run_outlives_its_bridge_and_its_node(
    terminal: Terminal, home: Path, cluster: RayCluster, recipe_file: Path
) -> None:
    process = terminal.start("train", str(recipe_file), "--on", "lab", "--yes", "--json")
    events = map(json.loads, process.stdout)
    run_id = next(events)["run"]
    job = Job(home / "runs" / run_id)
    next(event for event in events if event["event"] == "checkpoint_saved")
    job.send("pause")
    next(event for event in events if event["event"] == "run_paused")
    bridge = next(event["pid"] for event in read_all(job.events_path) if event["event"] == "job_accepted")
    psutil.Process(bridge).kill()
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert read_entry(job).outcome == run_store.open_run(job).outcome == "away"
    assert read_entry(job).can_resume

    [lab] = terminal.run("computers", "show", "lab", "--json").json[-1]["computers"]
    [entry] = lab["entries"]
    assert (entry["run"], entry["state"]) == (run_id, "running")
    cluster.kill_node(entry["node"])

    resumed = terminal.run("resume", run_id, "--json")
    assert resumed.code == 0
    stream = list(read_all(job.events_path))
    assert next(event for event in stream if event["event"] == "run_resumed")["step"] >= 2
    assert [event["outcome"] for event in stream if event["event"] == "job_ended"] == ["completed"]
    assert read_entry(job).outcome == "completed"

    here = terminal.run("train", str(recipe_file), "--json")
    assert weights(home, run_id) == weights(home, here.json[0]["run"])
    assert job.log_path.exists()
    [lab] = terminal.run("computers", "show", "lab", "--json").json[-1]["computers"]
    assert lab["entries"] == []
