"""Deletes the folders of short jobs whose window or command was killed: they hold conversations and summaries."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path

from engine.errors import StorageError, WorkerError
from engine.jobs.job import Job, this_process
from engine.system.paths import jobs_folder

DAY_SECONDS = 86_400.0
# What is left to those of another computer or container, who share the folder: whether they live can't be seen here.
ELSEWHERE_SECONDS = 30 * DAY_SECONDS


def remove() -> None:
    """Delete the folders of jobs that nobody waits for any more; called at every start, usually with nothing to do."""
    # Whoever can't make or read the folder says so when it is needed.
    with suppress(StorageError, OSError):
        for folder in jobs_folder().iterdir():
            if _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    job = Job(folder)
    if job.is_running():
        return False
    # Without an owner it is being made, or was by an earlier version.
    owner = None
    with suppress(WorkerError):
        owner = job.owner()
    if owner is not None and owner.place == this_process().place:
        return not _lives(owner.pid, (folder / "job.json").stat().st_mtime)
    return time.time() - folder.stat().st_mtime > (DAY_SECONDS if owner is None else ELSEWHERE_SECONDS)


def _lives(pid: int, made: float) -> bool:
    """Tell whether a process is there that made something at that time, and not a later one with the same id."""
    import psutil

    try:
        process = psutil.Process(pid)
        # Linux tells when a process started by the clock of now, which may have been set since.
        started_before: bool = process.create_time() <= made + DAY_SECONDS
        return started_before and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, ValueError, OverflowError, TypeError):
        return False
    except psutil.AccessDenied:
        return True
