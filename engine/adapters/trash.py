"""The trash: deleted folders, each with the time of its deletion in its name, until they are restored or old.

Knows nothing of what the folders hold.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from engine.errors import StorageError, disk_errors
from engine.messages import say
from engine.system.files import delete, move
from engine.system.paths import trash_folder

TRASH_DAYS = 30
_MARK = "~"


def to_trash(folder: Path, place: Path, field: str) -> Path:
    """Move a folder of one of Tunesmith's places to the trash and return its path there; a link goes alone.

    Raises StorageError, with the field for a folder that is not in the place: a person's own may hold anything.
    """
    if folder.name in ("", "..") or folder.parent.resolve() != place.resolve():
        hint = "Tunesmith deletes only what is in its library."
        raise StorageError(say("{} is not in {}.", folder, place), hint, field)
    trashed = trash_folder() / f"{time.time_ns()}{_MARK}{folder.name}"
    with disk_errors("{} can't be deleted: {}.", folder.name):
        move(folder, trashed)
    return trashed


def restore(trashed: Path, parent: Path) -> Path:
    """Move a folder out of the trash back below `parent` and return it. Raises StorageError."""
    folder = parent / former_name(trashed)
    if folder.exists():
        raise StorageError(
            say("{} already exists.", folder), say("The deleted files are still in {}.", trashed)
        )
    with disk_errors("{} can't be restored: {}.", folder.name):
        move(trashed, folder)
    return folder


def delete_for_good(trashed: Path) -> None:
    """Delete a folder in the trash, of a link only itself. Raises StorageError if something of it stays."""
    with disk_errors("{} can't be deleted: {}.", former_name(trashed)):
        delete(trashed)


def trashed_folders() -> list[Path]:
    """Return the folders in the trash, the last deleted first; what others put there is left out."""
    found = [folder for folder in trash_folder().glob(f"*{_MARK}*") if _stamp(folder).isdecimal()]
    return sorted(found, key=trashed_at, reverse=True)


def trashed_at(trashed: Path) -> float:
    """Return when a folder was deleted, in seconds since 1970."""
    return int(_stamp(trashed)) / 1e9


def former_name(trashed: Path) -> str:
    """Return the name that a folder had."""
    return trashed.name.partition(_MARK)[2]


def _stamp(trashed: Path) -> str:
    return trashed.name.partition(_MARK)[0]


def empty_old_trash(older_than_days: float = TRASH_DAYS) -> int:
    """Delete folders that have been in the trash for longer, and return how many."""
    oldest_kept = time.time() - older_than_days * 86_400
    old = [folder for folder in trashed_folders() if trashed_at(folder) < oldest_kept]
    for folder in old:
        with suppress(StorageError):
            delete_for_good(folder)
    return len(old)
