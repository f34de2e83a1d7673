"""The SHA-256 of whole files, cached until a file changes.

Only the content identifies a file: its size, times and inode just tell whether it must be read again.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from engine.system import cache
from engine.system.foreign_files import open_regular

# Up to this size, reading the file is faster than writing the cache.
SMALL_BYTES = 1 << 20
CHUNK_BYTES = 1 << 20
# Times have steps of up to 10 ms on some systems: a file may change twice within one.
CLOCK_STEP_SECONDS = 0.02

State = tuple[int, int, int, int]
OnBytes = Callable[[int], None]


class _Remembered(BaseModel, frozen=True, extra="forbid"):
    state: State
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def sha256(path: Path, on_bytes: OnBytes = lambda _: None) -> str:
    """Return the hash of a file as hex digits; `on_bytes(count)` reports progress. Raises OSError."""
    return _remembered(path) or _read(path, on_bytes)


def at_once(path: Path) -> str | None:
    """Return the hash of a file that is small or cached, None if it takes time to read. Raises OSError."""
    return _read(path, lambda _: None) if path.stat().st_size <= SMALL_BYTES else _remembered(path)


def _read(path: Path, on_bytes: OnBytes) -> str:
    digest = hashlib.sha256()
    with open_regular(path) as stream:
        status = os.fstat(stream.fileno())
        if status.st_size > SMALL_BYTES and time.time() - status.st_ctime < CLOCK_STEP_SECONDS:
            # After this, any change shows in the file's times.
            time.sleep(CLOCK_STEP_SECONDS)
            status = os.fstat(stream.fileno())
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            on_bytes(len(chunk))
        is_unchanged = _state(os.fstat(stream.fileno())) == _state(status)
    if is_unchanged and status.st_size > SMALL_BYTES:
        cache.save(_place(path), _Remembered(state=_state(status), sha256=digest.hexdigest()))
    return digest.hexdigest()


def _remembered(path: Path) -> str | None:
    state, known = _state(path.stat()), cache.load(_place(path), _Remembered)
    return known.sha256 if known and known.state == state else None


def _state(status: os.stat_result) -> State:
    """Return what changes with a file's content: size and mtime can be copied, ctime can't."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _place(path: Path) -> Path:
    return cache.place("hash", os.path.realpath(path))
