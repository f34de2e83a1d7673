"""An arena at a cluster outlives whoever sent it, and a node; what comes back is what runs here give."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from engine.jobs.events import read_all
from engine.jobs.job import Job
from engine.runs.run_summaries import read_entry
from tests.end_to_end.cluster.conftest import SECONDS, event_of, first_with
from tests.helpers.command_line import Terminal
from tests.helpers.ray_cluster import RayCluster

pytestmark = [pytest.mark.end_to_end, pytest.mark.torch]


def test_an_arena_outlives_its_bridge_and_a_node(
    terminal: Terminal, home: Path, cluster: RayCluster, recipe_file: Path
) -> None:
    methods = ["--method", "lora", "--method", "ia3"]
    [made] = terminal.run("arena", "new", str(recipe_file), *methods, "--json").json
    with terminal.start("arena", "run", made["arena"], "--on", "lab", "--yes", "--json") as process:
        bridge = first_with(process, "pid")["pid"]
        job = Job(home / "runs" / first_with(process, "event", "entry_started")["run"])
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
