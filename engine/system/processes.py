"""What the system does with processes: consoles and job objects on Windows, and kills for lack of memory on Linux."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

# For `creationflags`: on Windows a program gets a console without a window, which its own programs share. 0 elsewhere.
NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
OWN_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
# For a program that Ctrl+C in this process's terminal doesn't reach, nor the terminal's end.
OWN_SESSION: dict[str, Any] = (
    {"creationflags": NO_WINDOW | OWN_GROUP} if os.name == "nt" else {"start_new_session": True}
)
# What Windows calls JobObjectExtendedLimitInformation and JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE.
LIMITS, KILL_ON_CLOSE = 9, 0x2000
GROUPS = Path("/proc/self/cgroup")
GROUPS_FOLDER = Path("/sys/fs/cgroup")
# Of the whole computer. It counts those of other containers, too.
WHOLE_COMPUTER = Path("/proc/vmstat")


def end_all_with_this_process() -> None:
    """Have Windows kill all that this process starts from now on as soon as it ends, be it by force.

    The process is put into a job object, whose only handle it holds. What it starts is in there too.
    """
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.CreateJobObjectW.restype = kernel.GetCurrentProcess.restype = ctypes.c_void_p
        job = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))
        # 144 bytes; its flags begin at the 16th.
        limits = (ctypes.c_uint64 * 18)()
        limits[2] = KILL_ON_CLOSE
        kernel.SetInformationJobObject(job, LIMITS, limits, ctypes.sizeof(limits))
        kernel.AssignProcessToJobObject(job, ctypes.c_void_p(kernel.GetCurrentProcess()))


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
