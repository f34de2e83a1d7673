"""Reads the library's folder off the GUI thread, and again when it changes."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, Signal

from engine.api import Adapter, Unreadable, library, paths, trash
from gui.core.background_tasks import BackgroundTasks
from gui.core.timers import once

REST_MILLISECONDS = 150


class LibraryReader(QObject):
    """`read(adapters, unreadable, bytes on disk)` ends every reading, `checked(adapter id, changed files)` a check."""

    read = Signal(list, list, object)
    checked = Signal(str, list)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scanning = BackgroundTasks(self)
        self._hashing = BackgroundTasks(self)
        self._verified: dict[tuple[str, tuple[int, ...]], list[str]] = {}
        self._wanted = ""
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self.refresh_soon)
        self._rest = once(self, REST_MILLISECONDS, self.refresh)

    def start(self) -> None:
        """Read for the first time, watch the folder, and delete old adapters from the trash."""
        self._watcher.addPath(str(paths.adapters_folder()))
        self.refresh()
        self._scanning.run(trash.empty_old_trash, lambda _count: None)

    def refresh_soon(self) -> None:
        """Read again once the folder has stopped changing."""
        self._rest.start()

    def refresh(self) -> None:
        """Read again."""
        self._rest.stop()
        self._scanning.run(_scan, self._on_scanned)

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
