"""An arena at a cluster outlives whoever sent it, its job store and a node; what comes back is what runs here give.

Each of its entries has two processes on one node.
"""

import time
from pathlib import Path

import psutil
import pytest

from engine.config import recipe as recipes
from engine.jobs.events import read_all
from engine.jobs.job import Job
from engine.runs.run_summaries import read_entry
from engine.system import ranks
from tests.end_to_end.cluster.conftest import MARKS, event_of, first_with
from tests.helpers.ray_cluster import RayCluster
from tests.helpers.tiny_runs import train_in_process

pytestmark = MARKS


def test_an_arena_outlives_its_bridge_and_a_node(terminal, home, cluster, recipe_file, monkeypatch):
    methods = ["--method", "lora", "--method", "prompt_only"]
    [made] = terminal.run("arena", "new", str(recipe_file(100)), *methods, "--json").json
    cards = ["--cards", "2"]
    with terminal.start("arena", "run", made["arena"], "--on", "lab", *cards, "--yes", "--json") as process:
        bridge = first_with(process, "pid")["pid"]
        job = Job(home / "runs" / first_with(process, "entry", "lora")["run"])
        event_of(job, "checkpoint_saved")
        job.send("pause")
        event_of(job, "run_paused")
        assert_strangers_learn_no_name(cluster, job)
        cluster.kill_job_store()
        event_of(job, "run_resumed")
        job.send("pause")
        event_of(job, "run_paused", 2)
        psutil.Process(bridge).kill()
        process.communicate()
    assert process.returncode == 1
    assert read_entry(job).outcome == "away"

    [lab] = terminal.run("computers", "show", "lab", "--json").json[-1]["computers"]
    [[node, taken]] = {(each["node"], each["cards"]) for each in lab["entries"] if each["run"] == job.id}
    assert taken == 2
    cluster.kill_node(node)

    done = terminal.run("arena", "run", made["arena"], "--on", "lab", "--json")
    assert done.code == 0, f"{done.out}\n{[*read_all(job.events_path)]}"
    assert {entry["state"] for entry in done.json[-1]["entries"]} == {"completed"}
    stream = list(read_all(job.events_path))
    assert {event["processes"] for event in stream if event["event"] == "run_started"} == {2}
    steps = [event["step"] for event in stream if event["event"] == "run_resumed"]
    assert len(steps) == 2
    assert min(steps) >= 2
    assert [event["outcome"] for event in stream if event["event"] == "job_ended"] == ["completed"]
    assert job.log_path.exists()
    # Nothing private is left where it ran.
    kept = cluster.token_file.parent / "nodes" / "cluster"
    assert [*(kept / "storage" / "entries").iterdir(), *(kept / "nodes").glob("*/runs/*")] == []
    models = [kept / "models" / "models", kept / "storage" / "blobs"]
    assert all([*folder.iterdir()] for folder in models)
    assert terminal.run("computers", "clear", "lab", "--yes", "--json").json[-1]["removed"]
    assert not any(folder.exists() and [*folder.iterdir()] for folder in models)

    here = trained_in_two_processes_here(job, monkeypatch)
    assert weights(home, job) == weights(home, here)
    assert (job.folder / "scores.json").read_text() == (here.folder / "scores.json").read_text()


def assert_strangers_learn_no_name(cluster: RayCluster, job: Job) -> None:
    """Wait until Ray tells everyone of the tasks that run, and look for the run in it."""
    told: list[str] = []
    while not any('Name="entry"' in text for text in told):
        time.sleep(0.5)
        told = cluster.open_texts()
    assert not any(job.id in text for text in told)


def trained_in_two_processes_here(job: Job, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Do a run again on this computer, in this process and another one."""
    with monkeypatch.context() as patch:
        patch.setenv(ranks.COUNT, "2")
        again, _ = train_in_process(recipes.load(job.recipe_path))
    return again


def weights(home: Path, job: Job) -> bytes:
    return (home / "adapters" / job.id / "adapter_model.safetensors").read_bytes()
