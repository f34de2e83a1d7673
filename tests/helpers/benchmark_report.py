"""What benchmarks share: a home, the command line, jobs that are followed, memory and CPU time, and the report."""

import datetime as dt
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from engine.jobs.events import Event
from engine.jobs.job import Job
from engine.jobs.supervisor import Supervisor
from engine.system.paths import presets_folder
from tests.helpers.repository import MAIN

# Figure, value and goal.
Row = tuple[str, str, str]


@contextmanager
def temporary_home() -> Iterator[Path]:
    """Give this process and those that it starts a home of their own; yield its folder."""
    with tempfile.TemporaryDirectory(prefix="tunesmith-bench-", ignore_cleanup_errors=True) as home:
        os.environ["TUNESMITH_HOME"] = home
        yield Path(home)


def run_main(*arguments: str, check: bool = True, **variables: str) -> str:
    """Carry out a command in a process of its own and return its output; one that fails ends the benchmark."""
    done = subprocess.run(
        [sys.executable, str(MAIN), *arguments], env=os.environ | variables, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if check and done.returncode:
        raise SystemExit(
            f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"[-4000:]
        )
    return done.stdout


def trained(recipe: str, *values: str) -> str:
    """Train by a recipe of the resources with other values; return the id of the adapter, the only one of the home."""
    run_main("train", str(presets_folder() / f"{recipe}.toml"), *(f"--set={value}" for value in values))
    [adapter] = json.loads(run_main("adapters", "--json"))
    return str(adapter["adapter"])


def followed(job: Job, resident: list[int] | None = None) -> Iterator[Event]:
    """Start a job, yield its events, and add its peaks of memory to a list; a job that fails ends the benchmark."""
    supervisor = Supervisor(job)
    peaks = [] if resident is None else resident
    supervisor.start()
    yield from supervisor.follow(tick=lambda: peaks.append(peak_resident(supervisor.pid)))
    ending = supervisor.ending()
    if ending.outcome not in {"completed", "stopped"}:
        raise SystemExit(f"{ending.message} {ending.hint}\n{ending.log_tail}")


def machine() -> str:
    """Return the processor, cores and system in a line."""
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{_processor()}, {os.cpu_count()} cores, {system}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def show(title: str, rows: Iterable[Row]) -> None:
    """Print figure, value and goal, aligned."""
    print(f"\n{title}\n{dt.datetime.now(dt.UTC).date().isoformat()}, {machine()}")
    table = [("figure", "reached", "goal"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def peak_resident(pid: int | None) -> int:
    """Return the peak resident memory of a process in bytes, on Linux; 0 if it is gone."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        return max((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), default=0)
    return 0


def processor_seconds() -> float:
    """Return the CPU seconds of this process and its children, ended ones included."""
    gone, alive = os.times(), [each.cpu_times() for each in psutil.Process().children()]
    children = gone.children_user + gone.children_system + sum(each.user + each.system for each in alive)
    return time.process_time() + children
