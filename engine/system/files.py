"""Atomic writes of small files, syncing to the disk, and sizes on it."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from engine.errors import StorageError

# Of a file's name in a partial file's: systems allow 255 bytes, four for a character.
MAX_KEPT_NAME = 50


def write_atomically(path: Path, text: str) -> None:
    """Write a file atomically: to a partial file, synced to the disk, renamed, and the folder synced."""
    partial = partial_beside(path)
    try:
        with partial.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink()
        raise
    sync_directory(path.parent)


def partial_beside(path: Path) -> Path:
    """Return where to write what will be `path`: a name that nobody else has, not even who writes the same file now."""
    return path.with_name(f".{path.name[:MAX_KEPT_NAME]}.{secrets.token_hex(8)}.partial")


def write_export(path: Path, text: str) -> None:
    """Write a file that a person chose; raises StorageError, and an existing file stays then."""
    try:
        write_atomically(path, text)
    except OSError as error:
        raise StorageError(
            f"{path} can't be written: {error.strerror}.", "Choose another folder, or free some space."
        ) from error


def sync_directory(folder: Path) -> None:
    """Sync the names in a folder to the disk, so that a rename survives a power cut.

    Windows can't and need not: its file systems write names in order.
    """
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Wait until all files below a folder are on the disk, and the names in the folder."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as stream:
                os.fsync(stream.fileno())
    sync_directory(folder)


def bytes_in(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder; links are not followed, missing files count 0."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            return sum(_entry_bytes(entry) for entry in os.scandir(path))
        return path.lstat().st_size
    return 0


def _entry_bytes(entry: os.DirEntry[str]) -> int:
    with suppress(OSError):
        if entry.is_dir(follow_symlinks=False):
            return bytes_in(Path(entry.path))
        return entry.stat(follow_symlinks=False).st_size
    return 0
