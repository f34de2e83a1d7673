"""File locks of the operating system: held by one process at a time, and released when it ends in any way."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

from engine.errors import StorageError
from engine.system.foreign_files import open_regular

if sys.platform == "win32":
    import msvcrt

    def try_lock(stream: IO[bytes]) -> bool:
        """Acquire the lock of an open file and tell whether that worked."""
        try:
            stream.seek(0)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def unlock(stream: IO[bytes]) -> None:
        """Release the lock of an open file."""
        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def try_lock(stream: IO[bytes]) -> bool:
        """Acquire the lock of an open file and tell whether that worked."""
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def unlock(stream: IO[bytes]) -> None:
        """Release the lock of an open file."""
        fcntl.flock(stream, fcntl.LOCK_UN)


def locked_file(path: Path, name: str) -> IO[bytes]:
    """Return a locked file. Raises StorageError, with the name of what is open, if another process holds its lock."""
    stream = open_regular(path, "ab")
    if not try_lock(stream):
        stream.close()
        raise StorageError(f"{name} is open elsewhere.", "Close it there.")
    return stream
