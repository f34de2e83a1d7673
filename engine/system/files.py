"""Atomic writes that nobody else can read, syncing to the disk, and sizes on it."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import StorageError

# Of a file's name in a partial file's: systems allow 255 bytes, four for a character.
MAX_KEPT_NAME = 50


def write_atomically(path: Path, text: str, *, shared: bool = False) -> None:
    """Write a file atomically: to a partial file, synced to the disk, renamed, and the folder synced.

    It is private, unless it is `shared` with whom the umask lets read.
    """
    with aside(path) as unfinished:
        with open(unfinished, "x", encoding="utf-8", opener=None if shared else private) as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
    sync_directory(path.parent)


def private(path: str, flags: int) -> int:
    """Open a file to which this user has access and no other: an `opener` for `open`."""
    return os.open(path, flags, 0o600)


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Yield where to write the file or folder that will be `path`; whatever happens, nothing is left there."""
    unfinished = partial_beside(path)
    try:
        yield unfinished
    finally:
        remove(unfinished)


def remove(path: Path) -> None:
    """Delete a file or a folder, as far as it is there and can be deleted."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


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
