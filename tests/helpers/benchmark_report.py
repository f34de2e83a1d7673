"""Prints the result of a benchmark: machine, date and a table; and measures memory and CPU time."""

from __future__ import annotations

import datetime as dt
import os
import platform
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil


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


def show(title: str, rows: Iterable[tuple[str, str, str]]) -> None:
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
