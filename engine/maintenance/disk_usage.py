"""Tunesmith's disk usage by kind, the files that can be deleted without a loss, and folders that killed jobs left.

A completed run needs no checkpoints if its adapter is in the library; what was computed (`engine.system.cache`) and
converted models are made again when needed. Nothing else is ever deleted here. Knows nothing of a window.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.adapters import library
from engine.errors import StorageError, WorkerError
from engine.jobs.events import MAX_EVENT_BYTES, Event, decode
from engine.jobs.job import Job, this_process
from engine.runs import run_store
from engine.system import paths
from engine.system.files import bytes_in, delete, remove
from engine.system.foreign_files import open_regular
from engine.system.hub_cache import downloads_folder
from engine.system.paths import jobs_folder

DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class Part:
    """The bytes of one kind of file."""

    key: str
    bytes: int


@dataclass(frozen=True)
class Freeable:
    """What can be deleted: folders of checkpoints and best states, the number of their runs, and what is made again.

    That is files of what was computed, and folders of models converted for another runtime.
    """

    checkpoints: tuple[Path, ...] = ()
    runs: int = 0
    results: tuple[Path, ...] = ()
    converted: tuple[Path, ...] = ()

    @property
    def checkpoint_bytes(self) -> int:
        return sum(bytes_in(path) for path in self.checkpoints)

    @property
    def result_bytes(self) -> int:
        """The size of what was computed."""
        return sum(bytes_in(path) for path in self.results)

    @property
    def converted_bytes(self) -> int:
        """The size of the converted models."""
        return sum(bytes_in(path) for path in self.converted)

    @property
    def bytes(self) -> int:
        return self.checkpoint_bytes + self.result_bytes + self.converted_bytes


def measure() -> list[Part]:
    """Return each kind's size: adapters, checkpoints, runs, results, converted, trash, unpacked and downloads."""
    checkpoints = sum(bytes_in(path) for job in run_store.list_jobs() for path in _resumable_state(job))
    return [
        Part("adapters", bytes_in(paths.adapters_folder())),
        Part("checkpoints", checkpoints),
        Part("runs", bytes_in(paths.runs_folder()) - checkpoints),
        Part("results", bytes_in(paths.results_folder())),
        Part("converted", bytes_in(paths.converted_models_folder())),
        Part("trash", bytes_in(paths.trash_folder())),
        Part("unpacked", bytes_in(paths.gguf_folder())),
        Part("downloads", bytes_in(downloads_folder())),
    ]


def freeable(*, older_than_days: float = 0.0, with_caches: bool = True) -> Freeable:
    """Return what can go: of runs that completed before this, with their adapter in the library, and of caches."""
    now = time.time()
    adapters, _ = library.scan()
    made_by = {adapter.metadata.training.run for adapter in adapters}
    folders: list[Path] = []
    count = 0
    for job in run_store.list_jobs():
        # What a link leads to was not put there by Tunesmith.
        states = [] if job.folder.is_symlink() else list(_resumable_state(job))
        if states and job.id in made_by and _completed_before(job, now - older_than_days * DAY_SECONDS):
            folders += states
            count += 1
    if not with_caches:
        return Freeable(tuple(folders), count)
    return Freeable(tuple(folders), count, tuple(paths.results_folder().iterdir()), tuple(_converted(now)))


def _converted(now: float) -> Iterator[Path]:
    """Yield converted models, and what a conversion that was killed has left; one that goes on is spared."""
    for folder in paths.converted_models_folder().iterdir():
        with suppress(OSError):
            if not folder.name.startswith(".") or folder.stat().st_mtime < now - DAY_SECONDS:
                yield folder


def free(chosen: Freeable) -> int:
    """Delete what `freeable` found, unless it is in use, and return the freed bytes."""
    freed = 0
    for path in (*chosen.checkpoints, *chosen.results, *chosen.converted):
        if Job(path.parent).is_running():
            continue
        before = bytes_in(path)
        with suppress(OSError):
            # Windows can't delete a file that a running worker has mapped.
            delete(path)
        freed += before - bytes_in(path)
    return freed


def _resumable_state(job: Job) -> Iterator[Path]:
    yield from run_store.checkpoints(job)
    yield from run_store.best_states(job)


def _completed_before(job: Job, moment: float) -> bool:
    if job.is_running():
        return False
    last = _last_event(job.events_path)
    return (
        last is not None
        and last["event"] == "job_ended"
        and last.get("outcome") == "completed"
        and float(last.get("time", moment)) <= moment
    )


def _last_event(path: Path) -> Event | None:
    """Return the last complete event, read from the end of the stream."""
    with suppress(OSError), open_regular(path) as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - MAX_EVENT_BYTES))
        lines = stream.read().splitlines(keepends=True)
        for line in reversed(lines):
            if line.endswith(b"\n"):
                return decode(line)
    return None


# Abandoned jobs

# What is left to those of another computer or container, who share the folder: whether they live can't be seen here.
ELSEWHERE_SECONDS = 30 * DAY_SECONDS


def remove_abandoned_jobs() -> None:
    """Delete the folders of short jobs whose window or command was killed: they hold conversations and summaries.

    Called at every start, usually with nothing to do.
    """
    # A folder that can't be made or read is reported when it is needed.
    with suppress(StorageError, OSError):
        for folder in jobs_folder().iterdir():
            # Another program may sweep it at the same moment.
            with suppress(StorageError, OSError):
                if folder.is_dir() and _is_abandoned(folder):
                    remove(folder)


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
