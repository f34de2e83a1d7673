"""What the trash holds: deleted adapters, runs, arenas and blind comparisons, each with its name and its former place.

A folder's kind is known by the file that only this kind has.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.adapters import metadata as adapter_toml
from engine.adapters import trash
from engine.arena import arena_store, entries
from engine.config import recipe as recipes
from engine.errors import AppError, StorageError
from engine.jobs.job import Job
from engine.messages import say
from engine.system import paths
from engine.system.command_name import command_name
from engine.system.files import bytes_in
from engine.voting import comparisons

Kind = Literal["adapter", "run", "arena", "comparison", "unknown"]


@dataclass(frozen=True)
class _Place:
    """Where a kind of folder lives, its own file, and how its name is read."""

    kind: Kind
    own_file: str
    parent: Callable[[], Path]
    name: Callable[[Path], str]


_PLACES = (
    _Place(
        "adapter",
        adapter_toml.FILE_NAME,
        paths.adapters_folder,
        lambda folder: adapter_toml.load(folder).name,
    ),
    _Place("run", "job.json", paths.runs_folder, lambda folder: recipes.load(Job(folder).recipe_path).name),
    _Place(
        "arena", entries.FILE_NAME, paths.arenas_folder, lambda folder: arena_store.open_arena(folder).name
    ),
    _Place(
        "comparison",
        comparisons.ABOUT,
        paths.comparisons_folder,
        lambda folder: comparisons.read_info(folder).name,
    ),
)


@dataclass(frozen=True)
class Trashed:
    """A folder in the trash; `name` is the one that the user saw, `at` when it was deleted, in seconds since 1970."""

    folder: Path
    kind: Kind
    name: str
    at: float
    size_bytes: int

    @property
    def id(self) -> str:
        """The name that the folder had."""
        return trash.former_name(self.folder)


def contents() -> list[Trashed]:
    """Return what is in the trash, the last deleted first."""
    found = []
    for folder in trash.trashed_folders():
        place, name = _place_of(folder), trash.former_name(folder)
        if place is not None:
            # A damaged one keeps the name of its folder.
            with suppress(AppError):
                name = place.name(folder)
        kind: Kind = place.kind if place is not None else "unknown"
        found.append(Trashed(folder, kind, name, trash.trashed_at(folder), bytes_in(folder)))
    return found


def _place_of(folder: Path) -> _Place | None:
    return next((place for place in _PLACES if (folder / place.own_file).is_file()), None)


def restore(trashed: Trashed) -> Path:
    """Move a folder back to where its kind lives, and return its path. Raises StorageError."""
    place = _place_of(trashed.folder)
    if place is None:
        raise StorageError(say("{} is unknown and can't be restored.", trashed.id))
    return trash.restore(trashed.folder, place.parent())


def delete(trashed: Trashed) -> None:
    """Delete a folder in the trash for good. Raises StorageError."""
    trash.delete_for_good(trashed.folder)


def find(name: str) -> Trashed:
    """Return what had this id, a beginning of it, or this name. Raises StorageError."""
    found = contents()
    exact = [each for each in found if name in (each.id, each.name)]
    matches = exact or [each for each in found if name and each.id.startswith(name)]
    if len(matches) == 1:
        return matches[0]
    several = say('{} items in the trash begin with "{}".', len(matches), name)
    message = several if matches else say('There is no "{}" in the trash.', name)
    raise StorageError(message, say("`{} trash` lists them.", command_name()), "trash")
