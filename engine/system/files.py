"""How a small file gets onto the disk whole, and what lies there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all: aside, to the disk, renamed, and the renaming too."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
    sync_directory(path.parent)


def sync_directory(folder: Path) -> None:
    """Wait until the names in a folder are on the disk: what was renamed may else have its old name after a power cut.

    Windows has no word for it; its file systems write names in order.
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


def bytes_in(place: Path) -> int:
    """Return the bytes of a file, or of all below a folder; links are not followed, what is gone counts nothing."""
    with suppress(OSError):
        if place.is_dir() and not place.is_symlink():
            return sum(_entry_bytes(entry) for entry in os.scandir(place))
        return place.lstat().st_size
    return 0


def _entry_bytes(entry: os.DirEntry[str]) -> int:
    with suppress(OSError):
        if entry.is_dir(follow_symlinks=False):
            return bytes_in(Path(entry.path))
        return entry.stat(follow_symlinks=False).st_size
    return 0
