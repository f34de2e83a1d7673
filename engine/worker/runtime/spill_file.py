"""Bytes that a job works with and does not hold in memory: they are spilled to a file without a name.

The file goes with its process. It is read piece by piece, since a mapped file would count as memory once it was read.
What the disk does not take stays in memory, so a full disk ends nothing. Knows nothing of what the bytes are.
"""

from __future__ import annotations

import tempfile
import weakref
from pathlib import Path
from threading import Lock
from typing import IO

from engine.system.paths import cache_folder

# This much stays in memory before it is written: small data never reach the disk.
TAIL_BYTES = 1 << 20


class FileSlice:
    """The bytes of a file from an offset on, read piece by piece. Raises OSError for a file that can't be opened."""

    def __init__(self, path: Path, start: int) -> None:
        self._file = path.open("rb", buffering=0)
        self._start = start
        self._lock = Lock()
        weakref.finalize(self, self._file.close)

    def read(self, start: int, size: int) -> bytes:
        """Return `size` bytes from an offset on, fewer at the end."""
        with self._lock:
            self._file.seek(self._start + start)
            return self._file.read(size)


class SpillFile:
    """Bytes that are added at the end and read at any offset, by several threads if need be."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._on_disk = 0
        self._tail = bytearray()
        self._disk_takes_more = True
        self._lock = Lock()

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self._on_disk + len(self._tail)

    def append(self, data: bytes) -> None:
        """Add bytes at the end."""
        with self._lock:
            self._tail += data
            if len(self._tail) >= TAIL_BYTES and self._disk_takes_more:
                self._write()

    def read(self, start: int, size: int) -> bytes:
        """Return `size` bytes from an offset on."""
        with self._lock:
            from_tail = max(0, start - self._on_disk)
            tail = bytes(self._tail[from_tail : max(0, start + size - self._on_disk)])
            if start >= self._on_disk or self._file is None:
                return tail
            self._file.seek(start)
            return self._file.read(min(size, self._on_disk - start)) + tail

    def _write(self) -> None:
        try:
            if self._file is None:
                self._file = file = tempfile.TemporaryFile(dir=cache_folder(), buffering=0)  # noqa: SIM115
                weakref.finalize(self, file.close)
            self._file.seek(self._on_disk)
            # A disk that runs full may take a part.
            written = self._file.write(self._tail)
        except OSError:
            self._disk_takes_more = False
            return
        del self._tail[:written]
        self._on_disk += written
