"""What the system knows of processes: console windows on Windows, and kills for lack of memory on Linux."""

from __future__ import annotations

import subprocess
from pathlib import Path

# For `creationflags`: Windows opens no console for the program, so Ctrl+C in a terminal doesn't reach it. 0 elsewhere.
NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
GROUPS = Path("/proc/self/cgroup")
GROUPS_FOLDER = Path("/sys/fs/cgroup")
# Of the whole computer. It counts those of other containers, too.
WHOLE_COMPUTER = Path("/proc/vmstat")


def memory_kills() -> int:
    """Return how many processes were killed for lack of memory in this process's group so far; 0 if unknown."""
    return next(
        (int(line.split()[1]) for line in _lines_of(kill_count_source()) if line.startswith("oom_kill ")), 0
    )


def kill_count_source() -> Path:
    """Return the file with the count: of this process's control group, else of the computer."""
    return next((path for path in _group_files() if _lines_of(path)), WHOLE_COMPUTER)


def _group_files() -> list[Path]:
    """Return where the control group's count may be, in both versions of control groups."""
    groups = [line.split(":", 2) for line in _lines_of(GROUPS) if line.count(":") >= 2]
    paths = {kinds: group.strip("/") for _, kinds, group in groups}
    files = []
    if "memory" in paths:
        files.append(GROUPS_FOLDER / "memory" / paths["memory"] / "memory.oom_control")
    if "" in paths:
        files.append(GROUPS_FOLDER / paths[""] / "memory.events")
    # A container may see its own group as the root.
    return [*files, GROUPS_FOLDER / "memory.events"]


def _lines_of(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
