"""Reads the folders of runs, adapters and arenas off the GUI thread, and again when they change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, Signal

from engine.api import (
    Adapter,
    Curve,
    Job,
    RunEntry,
    StorageError,
    Unreadable,
    arenas,
    library,
    paths,
    read_all,
    run_store,
    run_summaries,
    trash,
    voting,
)
from gui.core.background_tasks import BackgroundTasks, once

FIRST_PORTION = 24


class FolderReader(QObject):
    """Reads a folder, and again once it has stopped changing. One that can't be created has nothing in it."""

    def __init__(self, folder: Callable[[], Path], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._background = BackgroundTasks(self)
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self.refresh_soon)
        self._rest = once(self, 150, self.refresh)

    def start(self) -> None:
        with suppress(StorageError):
            self._watcher.addPath(str(self._folder()))
            self.refresh()

    def refresh_soon(self) -> None:
        """Read again once the folder has stopped changing."""
        self._rest.start()

    def refresh(self) -> None:
        self._rest.stop()
        self._read()

    def _read(self) -> None:
        raise NotImplementedError


class LibraryReader(FolderReader):
    """`read(adapters, unreadable, bytes on disk)` ends every reading, `checked(adapter id, changed files)` a check."""

    read = Signal(list, list, object)
    checked = Signal(str, list)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(paths.adapters_folder, parent)
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
        super().__init__(paths.runs_folder, parent)
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
                    # What a program or a cloud holds can be read later.
                    if not entry.error:
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


Mark = tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class Snapshot:
    """An arena as read, None if there is none; `others` are the names of all arenas by id, newest first."""

    arena: arenas.Arena | None
    others: dict[str, str]
    statuses: tuple[arenas.EntryStatus, ...] = ()
    groups: tuple[arenas.Group, ...] = ()
    worked: bool = False
    losses: tuple[tuple[str, Curve], ...] = ()

    def row_id(self, entry_id: str) -> str:
        """Return the id of the row that an entry is in, as one of its seeds; its own if it is in none."""
        rows = (row for group in self.groups for row in group.rows)
        holding = (row.id for row in rows if entry_id in {each.entry.id for each in row.statuses})
        return next(holding, entry_id)


class ArenaReader(QObject):
    """`read(Snapshot)` answers `refresh`; waiting requests are answered once, with the newest snapshot."""

    read = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = BackgroundTasks(self)
        self._reader = arenas.Reader()
        self._mark: Mark = ()
        self._groups: tuple[arenas.Group, ...] = ()
        self._losses: dict[str, tuple[object, Curve]] = {}
        self._asked: tuple[str, frozenset[str]] = ("", frozenset())
        self._waits = False

    def refresh(self, arena_id: str, drawn: Iterable[str]) -> None:
        """Read an arena ("" for the newest) with the losses of the entries in `drawn`, and of the one that runs."""
        self._asked = (arena_id, frozenset(drawn))
        if not self._waits:
            self._waits = True
            self._background.run(self._snapshot, self._hand_over, lambda _error: self._hand_over(None))

    def _hand_over(self, found: Snapshot | None) -> None:
        if found is not None:
            self.read.emit(found)

    def _snapshot(self) -> Snapshot:
        self._waits = False
        arena_id, drawn = self._asked
        found, _damaged = arenas.list_arenas()
        others = {each.id: each.name for each in found}
        arena = next((each for each in found if each.id == arena_id), found[0] if found else None)
        if arena is None:
            return Snapshot(None, others)
        statuses = tuple(self._reader.read(arena))
        return Snapshot(
            arena,
            others,
            statuses,
            self._grouped(statuses),
            arenas.is_worked(arena),
            tuple(self._drawn(statuses, drawn)),
        )

    def _grouped(self, statuses: tuple[arenas.EntryStatus, ...]) -> tuple[arenas.Group, ...]:
        """Return the groups; recomputed only if a scored run, a seed of a set or a blind vote has changed."""
        scored = tuple(
            (each.entry.id, each.run.stamp if each.run else each.external)
            for each in statuses
            if each.external or (each.run and each.run.scored)
        )
        # A row names the seeds that it lacks.
        seeds = tuple((each.entry.id, each.state) for each in statuses if each.entry.seed is not None)
        mark = (*scored, ("seeds", seeds), ("votes", voting.stamp()))
        if mark != self._mark or not scored:
            self._mark, self._groups = mark, tuple(arenas.groups(statuses))
        return self._groups

    def _drawn(
        self, statuses: tuple[arenas.EntryStatus, ...], drawn: frozenset[str]
    ) -> list[tuple[str, Curve]]:
        return [
            (each.entry.id, self._loss(each.run))
            for each in statuses
            if each.run is not None and (each.entry.id in drawn or each.state == "running")
        ]

    def _loss(self, run: RunEntry) -> Curve:
        cached = self._losses.get(run.id)
        if cached is None or cached[0] != run.stamp:
            cached = self._losses[run.id] = (run.stamp, run_store.replay(read_all(run.job.events_path)).loss)
        return cached[1]


def chosen_for_blind(shown: Snapshot, checked: Collection[str]) -> list[tuple[str, str]]:
    """Return the checked entries of the first protocol, or all of them: where their summaries are, and their names."""
    rows = shown.groups[0].rows if shown.groups else ()
    wanted = [row for row in rows if row.id in checked] or list(rows)
    return [(_origin(row.status), _name(row)) for row in wanted]


def _origin(status: arenas.EntryStatus) -> str:
    """Return the id of an entry's run, or the folder of another system's summaries."""
    return str(status.external.folder) if status.external is not None else status.entry.run


def _name(row: arenas.Row) -> str:
    """Return the name of what is compared: of a set of seeds, the summaries of its first."""
    return row.entry.name if row.status.external is None else row.status.entry.title
