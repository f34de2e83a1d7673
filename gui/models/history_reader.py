"""Reads changed runs off the GUI thread, newest first, in growing portions."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from PySide6.QtCore import QFileSystemWatcher, QObject, Signal

from engine.api import Job, RunEntry, paths, run_store, run_summaries
from gui.core.background_tasks import BackgroundTasks
from gui.core.timers import once

FIRST_PORTION = 24
REST_MILLISECONDS = 150


class HistoryReader(QObject):
    """`listed(ids)` has the ids of all runs, `read(entries)` brings a portion, `finished` ends a reading."""

    listed = Signal(list)
    read = Signal(list)
    finished = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = BackgroundTasks(self)
        # Of the runs that were read; used by the background tasks alone, which run one after the other.
        self._stamps: dict[str, run_summaries.Stamp] = {}
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self.refresh_soon)
        self._rest = once(self, REST_MILLISECONDS, self.refresh)

    def start(self) -> None:
        """Read for the first time, then watch the folder."""
        self._watcher.addPath(str(paths.runs_folder()))
        self.refresh()

    def refresh_soon(self) -> None:
        """Read again once the folder has stopped changing."""
        self._rest.start()

    def refresh(self) -> None:
        """Read new and changed runs."""
        self._rest.stop()
        self._background.run(self._changed_jobs, self._on_listed)

    def _changed_jobs(self) -> tuple[list[str], list[Job]]:
        jobs = run_store.list_jobs()
        ids = {job.id for job in jobs}
        self._stamps = {key: stamp for key, stamp in self._stamps.items() if key in ids}
        return [job.id for job in jobs], [job for job in jobs if self._has_changed(job)]

    def _has_changed(self, job: Job) -> bool:
        return self._stamps.get(job.id) != run_summaries.stamp(job)

    def _on_listed(self, found: tuple[list[str], list[Job]]) -> None:
        ids, jobs = found
        self.listed.emit(ids)
        for portion in portions(jobs):
            self._background.run(partial(self._entries, portion), self.read.emit)
        self._background.run(lambda: None, lambda _nothing: self.finished.emit())

    def _entries(self, jobs: list[Job]) -> list[RunEntry]:
        """Read some runs, but none that was deleted, or read for an earlier request, meanwhile."""
        entries = []
        for job in jobs:
            with suppress(FileNotFoundError):
                if self._has_changed(job):
                    entry = run_summaries.read_entry(job)
                    self._stamps[entry.id] = entry.stamp
                    entries.append(entry)
        return entries


def portions(jobs: list[Job]) -> list[list[Job]]:
    """Return jobs in portions of doubling size: the first shows soon, and the list is rebuilt seldom."""
    made, size = [], FIRST_PORTION
    while jobs:
        made.append(jobs[:size])
        jobs, size = jobs[size:], size * 2
    return made
