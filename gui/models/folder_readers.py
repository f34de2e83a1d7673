"""Reads the folders of runs and adapters off the GUI thread, and again when they change."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, Signal

from engine.api import Adapter, Job, RunEntry, Unreadable, library, paths, run_store, run_summaries, trash
from gui.core.background_tasks import BackgroundTasks
from gui.core.timers import once

FIRST_PORTION = 24
REST_MILLISECONDS = 150


class FolderReader(QObject):
    """Reads a folder, and again once it has stopped changing."""

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._background = BackgroundTasks(self)
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self.refresh_soon)
        self._rest = once(self, REST_MILLISECONDS, self.refresh)

    def start(self) -> None:
        """Read for the first time, then watch the folder."""
        self._watcher.addPath(str(self._folder))
        self.refresh()

    def refresh_soon(self) -> None:
        """Read again once the folder has stopped changing."""
        self._rest.start()

    def refresh(self) -> None:
        """Read again."""
        self._rest.stop()
        self._read()

    def _read(self) -> None:
        raise NotImplementedError


class LibraryReader(FolderReader):
    """`read(adapters, unreadable, bytes on disk)` ends every reading, `checked(adapter id, changed files)` a check."""

    read = Signal(list, list, object)
    checked = Signal(str, list)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(paths.adapters_folder(), parent)
        self._hashing = BackgroundTasks(self)
        self._verified: dict[tuple[str, tuple[int, ...]], list[str]] = {}
        self._wanted = ""

    def start(self) -> None:
        """Read for the first time, watch the folder, and delete old adapters from the trash."""
        super().start()
        self._background.run(trash.empty_old_trash, lambda _count: None)

    def _read(self) -> None:
        self._background.run(_scan, self._on_scanned)

    def _on_scanned(self, found: tuple[list[Adapter], list[Unreadable], int]) -> None:
        adapters, unreadable, size_bytes = found
        self._watch([adapter.folder for adapter in adapters])
        self.read.emit(adapters, unreadable, size_bytes)

    def _watch(self, folders: list[Path]) -> None:
        """Watch every adapter's own folder too: its metadata file is replaced there."""
        new = {str(folder) for folder in folders} - set(self._watcher.directories())
        if new:
            self._watcher.addPaths(sorted(new))

    def check(self, adapter: Adapter) -> None:
        """Compare an adapter's files with its metadata; only the last request is answered."""
        self._wanted = adapter.id
        key = (adapter.id, _stamp(adapter))
        if key in self._verified:
            self.checked.emit(adapter.id, self._verified[key])
            return

        def report(changed: list[str] | None) -> None:
            if changed is not None:
                self._verified[key] = changed
                if adapter.id == self._wanted:
                    self.checked.emit(adapter.id, changed)

        self._hashing.run(lambda: self._changed_files(adapter), report)

    def _changed_files(self, adapter: Adapter) -> list[str] | None:
        """Return the changed files; None if another adapter was requested meanwhile, or this one is gone."""
        if adapter.id != self._wanted:
            return None
        changed = adapter.changed_files()
        # What is deleted or in the trash by now has not changed.
        return changed if adapter.folder.exists() else None


def _scan() -> tuple[list[Adapter], list[Unreadable], int]:
    adapters, unreadable = library.scan()
    return adapters, unreadable, sum(adapter.size_bytes for adapter in adapters)


def _stamp(adapter: Adapter) -> tuple[int, ...]:
    """Return the modification times of its files; empty once it is gone, which may happen at any moment."""
    with suppress(FileNotFoundError):
        return tuple(path.stat().st_mtime_ns for path in sorted(adapter.folder.rglob("*")) if path.is_file())
    return ()


class HistoryReader(FolderReader):
    """Reads changed runs, newest first, in growing portions.

    `listed(ids)` has the ids of all runs, `read(entries)` brings a portion, `finished` ends a reading.
    """

    listed = Signal(list)
    read = Signal(list)
    finished = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(paths.runs_folder(), parent)
        # Of the runs that were read; used by the background tasks alone, which run one after the other.
        self._stamps: dict[str, run_summaries.Stamp] = {}

    def _read(self) -> None:
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
