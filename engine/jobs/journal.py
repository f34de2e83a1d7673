"""A journal: a file of changes, whose folder one process at a time holds.

A change is in the file when `write` returns, so it survives the process. A thread syncs it to the disk, so that a slow
disk delays no key press.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from engine.errors import AppError
from engine.jobs.events import Event, EventWriter
from engine.system.locks import locked_file, unlock

LOCK = "lock"


class Journal:
    """Appends changes. `write` and `close` raise StorageError if an earlier change could not be synced."""

    def __init__(self, path: Path, identity: Mapping[str, Any], called: str, owner: str) -> None:
        """Lock the folder and open its journal; an unfinished last line is removed.

        `identity` becomes part of every change. Raises StorageError, which names the `owner`, if it is open elsewhere.
        """
        self._lock = locked_file(path.parent / LOCK, owner)
        try:
            self._writer = EventWriter(path, identity, called=called)
        except BaseException:
            self._lock.close()
            raise
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._unsynced: deque[Future[None]] = deque()

    def write(self, event: str, **facts: Any) -> Event:
        """Append a change and return it."""
        self.raise_unsynced()
        record = self.append(event, **facts)
        self._unsynced.append(self._disk.submit(self._writer.sync))
        return record

    def append(self, event: str, **facts: Any) -> Event:
        """Append a change that is synced together with the next one, and return it."""
        return self._writer.write(event, **facts)

    def close(self) -> None:
        """Wait until all changes are synced, and release the folder."""
        self._disk.shutdown(wait=True)
        self._writer.close()
        unlock(self._lock)
        self._lock.close()
        self.raise_unsynced()

    def raise_unsynced(self) -> None:
        """Raise the error of an earlier change that could not be synced, once."""
        while self._unsynced and self._unsynced[0].done():
            error = self._unsynced.popleft().exception()
            if isinstance(error, AppError):
                raise error
