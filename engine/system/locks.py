"""File locks of the operating system: held by one process at a time, and released when it ends in any way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from engine.errors import StorageError, disk_errors
from engine.messages import say
from engine.system.foreign_files import open_regular

POLL_SECONDS = 0.02


def try_lock(stream: IO[bytes]) -> bool:
    """Acquire the lock of an open file and tell whether that worked. Raises StorageError on a disk without locks."""
    # Imported here and below, since most commands lock nothing.
    from filelock import lock_descriptor

    with disk_errors(
        "The disk of Tunesmith's files has no locks: {}.",
        hint="Set TUNESMITH_HOME to a folder on a local disk.",
    ):
        return lock_descriptor(stream.fileno(), blocking=False)


def unlock(stream: IO[bytes]) -> None:
    """Release the lock of an open file."""
    from filelock import unlock_descriptor

    unlock_descriptor(stream.fileno())


@contextmanager
def held(path: Path, wait_seconds: float = 0.0) -> Iterator[bool]:
    """Try to hold the lock of a file, created if missing, and yield whether that worked. Raises OSError."""
    deadline = time.monotonic() + wait_seconds
    with open_regular(path, "ab") as stream:
        while not (is_held := try_lock(stream)) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        try:
            yield is_held
        finally:
            if is_held:
                unlock(stream)


def locked_file(path: Path, name: str) -> IO[bytes]:
    """Return a file, opened and locked. Raises StorageError, which says `name`, if another process has it locked."""
    with ExitStack() as opened:
        stream = opened.enter_context(open_regular(path, "ab"))
        if not try_lock(stream):
            raise StorageError(say("{} is open in another program.", name), "Close it there.")
        opened.pop_all()
        return stream
