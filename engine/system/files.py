"""Atomic writes to private files, syncing to the disk, and sizes."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import StorageError

# Characters of a file's name in its partial file's name: systems allow 255 bytes, up to four a character.
MAX_KEPT_NAME = 50


def write_atomically(path: Path, text: str, *, shared: bool = False) -> None:
    """Write a file atomically: to a partial file, synced to the disk, renamed, and the folder synced.

    Only this user can read it, unless it is `shared`: then the umask decides.
    """
    with aside(path) as unfinished:
        with open(unfinished, "x", encoding="utf-8", opener=None if shared else private) as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
    sync_directory(path.parent)


def private(path: str, flags: int) -> int:
    """Open a file that only this user can access: an `opener` for `open`."""
    return os.open(path, flags, 0o600)


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Yield a place to write the file or folder that will be renamed to `path`; what is left there is deleted."""
    unfinished = partial_beside(path)
    try:
        yield unfinished
    finally:
        remove(unfinished)


def remove(path: Path) -> None:
    """Delete a file or a folder as far as possible; a missing one is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def partial_beside(path: Path) -> Path:
    """Return where to write what will be `path`: a unique name, even if another process writes the same file."""
    return path.with_name(f".{path.name[:MAX_KEPT_NAME]}.{secrets.token_hex(8)}.partial")


def write_export(path: Path, text: str) -> None:
    """Write a file that the user chose. Raises StorageError; an existing file is then unchanged."""
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
