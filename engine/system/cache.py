"""A cache of computed values: one folder with a file for each value; the least recently used are deleted.

A file's name is a digest of everything that determines the value. An unreadable file counts as absent.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from engine.errors import StorageError
from engine.system.files import bytes_in, remove, write_atomically
from engine.system.foreign_files import FileKind, read_bytes
from engine.system.paths import results_folder

MAX_BYTES, MAX_FILES = 2 * 1024**3, 4000
T = TypeVar("T", bound=BaseModel)


def place(kind: str, facts: Any, suffix: str = ".json") -> Path:
    """Return the file of a value of a kind; `facts`, as JSON, are everything that determines it."""
    text = json.dumps([kind, facts], sort_keys=True, default=str)
    return results_folder() / f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:32]}{suffix}"


def load(file: Path, schema: type[T]) -> T | None:
    """Return the value in a file, None if it is missing or unreadable."""
    try:
        value = schema.model_validate_json(read_bytes(file, FileKind.CACHED), strict=True)
        os.utime(file)
    except (OSError, ValidationError):
        return None
    return value


def save(file: Path, value: BaseModel) -> None:
    """Write a value into a file. A full disk is ignored: the cache only saves time."""
    with suppress(StorageError, OSError):
        write_atomically(file, value.model_dump_json(by_alias=True))
        drop_oldest(results_folder().iterdir(), MAX_BYTES)


def drop_oldest(paths: Iterable[Path], max_bytes: int) -> None:
    """Delete the least recently used files and folders beyond the limits; the newest always stays."""
    files = []
    for path in paths:
        # Another process may have dropped it just now.
        with suppress(OSError):
            files.append((path.stat().st_mtime, bytes_in(path), path))
    free = max_bytes
    for index, (_, size, path) in enumerate(sorted(files, reverse=True)):
        free -= size
        if index and (free < 0 or index >= MAX_FILES):
            # Windows can't delete a file that a running worker has mapped.
            remove(path)
