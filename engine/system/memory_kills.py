"""Counts the processes that Linux killed for lack of memory: the evidence that tells such a kill from any other."""

from __future__ import annotations

from pathlib import Path

GROUPS = Path("/proc/self/cgroup")
GROUPS_FOLDER = Path("/sys/fs/cgroup")
# Of the whole computer. It counts those of other containers, too.
WHOLE_COMPUTER = Path("/proc/vmstat")


def count() -> int:
    """Return how many processes were killed for lack of memory in this process's group so far; 0 if unknown."""
    return next((int(line.split()[1]) for line in _lines(source()) if line.startswith("oom_kill ")), 0)


def source() -> Path:
    """Return the file with the count: of this process's control group, else of the computer."""
    return next((path for path in _group_files() if _lines(path)), WHOLE_COMPUTER)


def _group_files() -> list[Path]:
    """Return where the control group's count may be, in both versions of control groups."""
    groups = [line.split(":", 2) for line in _lines(GROUPS) if line.count(":") >= 2]
    paths = {kinds: group.strip("/") for _, kinds, group in groups}
    files = []
    if "memory" in paths:
        files.append(GROUPS_FOLDER / "memory" / paths["memory"] / "memory.oom_control")
    if "" in paths:
        files.append(GROUPS_FOLDER / paths[""] / "memory.events")
    # A container may see its own group as the root.
    return [*files, GROUPS_FOLDER / "memory.events"]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
