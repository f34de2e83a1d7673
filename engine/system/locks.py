"""Locks of the operating system on a file: held by one process at a time, and let go when it ends, however it ends."""

from __future__ import annotations

import sys
from typing import IO

if sys.platform == "win32":
    import msvcrt

    def try_lock(stream: IO[str]) -> bool:
        """Take the lock of an open file and tell whether that worked."""
        try:
            stream.seek(0)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def unlock(stream: IO[str]) -> None:
        """Let the lock of an open file go."""
        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def try_lock(stream: IO[str]) -> bool:
        """Take the lock of an open file and tell whether that worked."""
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def unlock(stream: IO[str]) -> None:
        """Let the lock of an open file go."""
        fcntl.flock(stream, fcntl.LOCK_UN)
