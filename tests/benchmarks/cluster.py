"""A cluster on loopback: what an entry costs beside its own computing, and a long queue.

    python3 packaging/dev.py bench cluster

Entries of the starter follow one another on one node, and up to a thousand wait at a cluster without a place for any.
"""

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from engine import arena as arenas
from engine.arena import Arena
from engine.computers import store
from engine.computers.computer import Computer
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.jobs.events import read_all
from engine.jobs.job import Job
from engine.system.paths import presets_folder, runs_folder
from tests.helpers.benchmark_report import Row, run_main, show, temporary_home
from tests.helpers.ray_cluster import ray_cluster
from tests.helpers.repository import MAIN

STEPS = 12
METHODS = ("lora", "ia3", "adalora", "vera")
QUEUES = (100, 300, 1000)
SECONDS = 900.0


def main() -> None:
    """Run all parts and print their figures."""
    with temporary_home() as place:
        os.environ["HF_HUB_OFFLINE"] = "0"
        show("Entries one after the other", _overhead(place))
        show("A long queue", _queue(place))


def _recipe(steps: int = STEPS) -> Recipe:
    overrides = [
        f"training.max_steps={steps}", "training.checkpoint_every=3", "training.device=cpu",
        "data.every=8", "evaluation.examples=8", "evaluation.bootstrap=100",
    ]  # fmt: skip
    return recipes.load(presets_folder() / "starter.toml", overrides)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.1)


def _events(run_id: str) -> list[dict[str, Any]]:
    return list(read_all(Job(runs_folder() / run_id).events_path))


def _overhead(place: Path) -> list[Row]:
    arena = arenas.create(_recipe(), [{"method": {"id": each}} for each in METHODS], "one by one")
    (place / "one").mkdir()
    with ray_cluster(place / "one", 2, processors=2) as cluster:
        store.add(Computer("one", "ray", cluster.address, token_file=str(cluster.token_file), agreed=True))
        began = time.time()
        run_main("arena", "run", arena.id, "--on", "one")
        ended = time.time()
    spans = sorted(
        (
            max(each["time"] for each in events if each["event"] == "job_accepted"),
            next(each["time"] for each in events if each["event"] == "job_ended"),
        )
        for events in (_events(entry.run) for entry in arenas.open_arena(arena.folder).entries)
    )
    gaps = [later[0] - earlier[1] for earlier, later in itertools.pairwise(spans)]
    own = sum(end - start for start, end in spans)
    return [
        ("seconds from one entry's last event to the next one's first", f"{max(gaps):.1f} at most", "5"),
        ("seconds an entry costs beside its own computing", f"{(ended - began - own) / len(spans):.1f}", "5"),
        ("seconds to connect, send and start the first", f"{spans[0][0] - began:.1f}", "–"),
        ("seconds from the last event to the end here", f"{ended - spans[-1][1]:.1f}", "–"),
    ]


def _queue(place: Path) -> list[Row]:
    rows = []
    for number in QUEUES:
        folder = place / f"queue-{number}"
        folder.mkdir()
        with ray_cluster(folder, 2, processors=0) as cluster:
            name = f"queue-{number}"
            computer = Computer(name, "ray", cluster.address, token_file=str(cluster.token_file), agreed=True)
            rows += _queued(store.add(computer), number)
    return rows


def _queued(computer: Computer, number: int) -> list[Row]:
    changes = [{"training": {"max_steps": 1 + index}} for index in range(number)]
    arena = arenas.create(_recipe(), changes, computer.name)
    process = subprocess.Popen(
        [sys.executable, str(MAIN), "arena", "run", arena.id, "--on", computer.name],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    began = time.perf_counter()
    _until(lambda: _sent(arena) == number)
    seconds = time.perf_counter() - began
    children = psutil.Process(process.pid).children(recursive=True)
    bridge = max(each.memory_info().rss for each in children)
    job_store = max(
        each.memory_info().rss
        for each in psutil.process_iter(["cmdline"])
        if "engine.cluster.store_job" in (each.info["cmdline"] or ())
    )
    began = time.perf_counter()
    process.terminate()
    process.wait(timeout=SECONDS)
    return [
        (f"{number} entries: seconds until all are queued", f"{seconds:.0f}", "linear"),
        (f"{number} entries: memory of the process here", f"{bridge / 1e6:.0f} MB", "linear"),
        (f"{number} entries: memory of the job store", f"{job_store / 1e6:.0f} MB", "linear"),
        (f"{number} entries: seconds until all are stopped", f"{time.perf_counter() - began:.0f}", "linear"),
    ]


def _sent(arena: Arena) -> int:
    runs = (entry.run for entry in arenas.open_arena(arena.folder).entries)
    return sum((runs_folder() / run / "sent.json").exists() for run in runs if run)


if __name__ == "__main__":
    main()
