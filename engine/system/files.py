"""Atomic writes to private files, renaming, deleting, syncing to the disk, and sizes.

On Windows nothing can be renamed, replaced or deleted while a program has it open, be it a virus scanner that looks at
every new file for a second or two. So `rename`, `move`, `delete` and `remove` try again for some seconds there.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from engine.errors import StorageError, disk_errors
from engine.messages import say
from engine.system.units import size

# Characters of a file's name in its partial file's name: systems allow 255 bytes, up to four a character.
MAX_KEPT_NAME = 50
# Longer paths are not found on Windows, unless an administrator allows them. The prefix \\?\ would allow them without
# one, but with it ".." stays, a path is not below the same folder without it, and `as_uri` names no file.
MAX_PATH = 259 if os.name == "nt" else sys.maxsize
TOO_LONG = "its path is longer than Windows allows"
# Seconds between the tries.
PAUSES = (0.02, 0.08, 0.4, 1.0, 1.0, 1.0, 1.0) if os.name == "nt" else ()
# A folder is not empty as long as somebody has a deleted file in it open.
HELD = {errno.EACCES, errno.EPERM, errno.ENOTEMPTY}


def write_atomically(path: Path, text: str, *, shared: bool = False) -> None:
    """Write a file atomically: to a partial file, synced to the disk, renamed, and the folder synced.

    Only this user can read it, unless it is `shared`: then the umask decides.
    """
    opener = None if shared else private
    with aside(path) as unfinished, open(unfinished, "x", encoding="utf-8", opener=opener) as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    sync_directory(path.parent)


def private(path: str, flags: int) -> int:
    """Open a file that only this user can access: an `opener` for `open`."""
    return os.open(path, flags, 0o600)


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Yield a place to write a file or folder, which is renamed to `path` in the end; after an error it is deleted."""
    unfinished = partial_beside(path)
    try:
        yield unfinished
        rename(unfinished, path)
    except FileNotFoundError as error:
        if len(str(unfinished)) > MAX_PATH:
            raise OSError(errno.ENAMETOOLONG, TOO_LONG, str(path)) from error
        raise
    finally:
        remove(unfinished)


@contextmanager
def temporary_folder(parent: Path, *, prefix: str = "", suffix: str = "") -> Iterator[Path]:
    """Yield a new private folder in `parent`, and delete it as far as possible."""
    folder = Path(tempfile.mkdtemp(suffix, prefix, parent))
    try:
        yield folder
    finally:
        remove(folder)


def rename(source: Path, target: Path) -> None:
    """Rename a folder, or a file in place of another one."""
    _once_released(partial(source.rename if source.is_dir() else source.replace, target))


def move(source: Path, target: Path) -> None:
    """Rename a folder or a link; on another disk, make a whole copy before the original is deleted."""
    try:
        rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with aside(target) as whole:
            if source.is_symlink():
                whole.symlink_to(source.readlink())
            else:
                shutil.copytree(source, whole, symlinks=True)
        remove(source)


def delete(path: Path) -> None:
    """Delete a file, a folder or a link alone; a missing one is no error. Raises OSError if something of it stays."""
    with suppress(FileNotFoundError):
        is_folder = path.is_dir() and not path.is_symlink()
        _once_released(partial(shutil.rmtree, path) if is_folder else path.unlink)


def remove(path: Path) -> None:
    """Delete a file, a folder or a link alone as far as possible."""
    try:
        delete(path)
    except OSError:
        shutil.rmtree(path, ignore_errors=True)


def _once_released(change: Callable[[], object]) -> None:
    for pause in PAUSES:
        try:
            change()
        except OSError as error:
            if error.errno not in HELD:
                raise
            time.sleep(pause)
        else:
            return
    change()


def partial_beside(path: Path) -> Path:
    """Return where to write what will be `path`: a unique name, even if another process writes the same file."""
    return path.with_name(f".{path.name[:MAX_KEPT_NAME]}.{secrets.token_hex(8)}.partial")


def write_export(path: Path, text: str) -> None:
    """Write a file that the user chose. Raises StorageError; an existing file is then unchanged."""
    with disk_errors("{} can't be written: {}.", path, hint="Choose another folder, or free some space."):
        write_atomically(path, text)


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


def require_space(folder: Path, needed: int, what: str, hint: str, field: str | None = None) -> None:
    """Raise StorageError if the folder's disk has less than the bytes that something needs."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            say("{} needs {}; {} has {} free.", what, size(needed), folder, size(free)), hint, field
        )


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
