"""Arenas on disk: a folder each, with one data set, one base model and a queue of runs.

    arena.toml         schema, name, creation time, whether the queue is paused, and the entries in order
    recipe.toml        what all entries share, and the start of new ones
    recipes/ID.toml    the recipe of each entry
    summaries/ID/      instead of a recipe and a run: another system's summaries and their scores
    edit.lock          held while arena.toml is rewritten
    queue.lock         held by the window or command line that runs the queue

An entry only names its run; state and scores are read from the run's folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.adapters.metadata import now_text
from engine.adapters.trash import restore, to_trash
from engine.arena import entries, presets
from engine.arena.entries import FILE_NAME, SCHEMA, Additions, ArenaFile, Entry, family_of, text_of
from engine.arena.presets import Change, changed
from engine.config import recipe as recipes
from engine.config import run_names
from engine.config.recipe import Recipe
from engine.config.recipe_diff import unlike
from engine.errors import AppError, ArenaError, RecipeError, disk_errors
from engine.jobs.job import new_id
from engine.messages import say
from engine.methods import Family
from engine.system.command_name import command_name
from engine.system.locks import held
from engine.system.paths import arenas_folder, expand_user, path_exists, resolved

RECIPE_NAME, RECIPES = "recipe.toml", "recipes"
EDIT_LOCK, QUEUE_LOCK = "edit.lock", "queue.lock"
EDIT_SECONDS = 5.0


@dataclass(frozen=True)
class Arena:
    """An arena as in its file; a `paused` queue starts no entry.

    `planned_seconds` is the planned time of one run, 0 if unknown.
    """

    folder: Path
    name: str
    made_at: str
    paused: bool
    entries: tuple[Entry, ...]
    planned_seconds: float = 0.0

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    def entry(self, entry_id: str) -> Entry:
        """Return an entry. Raises ArenaError."""
        return _entry(self, entry_id)

    def recipe_path(self, entry: Entry) -> Path:
        return self.folder / RECIPES / f"{entry.id}.toml"

    def tables(self, entry: Entry) -> dict[str, Any]:
        """Return the tables of an entry's recipe, with defaults if the recipe is valid.

        Raises RecipeError if its file is missing or no TOML.
        """
        path = self.recipe_path(entry)
        try:
            return recipes.load(path).as_tables()
        except RecipeError:
            return recipes.parse(text_of(path))

    def recipe(self) -> Recipe:
        """Return the recipe that all entries share. Raises RecipeError."""
        return recipes.load(self.folder / RECIPE_NAME)


@dataclass(frozen=True)
class Damaged:
    """A folder that can't be read as an arena, and why."""

    folder: Path
    reason: str


def create(
    recipe: Recipe,
    changes: Sequence[Change],
    name: str = "",
    family: Family | None = None,
    seeds: int = 1,
    *,
    planned_seconds: float = 0.0,
) -> Arena:
    """Create an arena with an entry for each change and seed and a paused queue, and return it.

    Without a name it gets the recipe's, or one from base model and data. `family` is the base model's, if known; that
    of a local model is looked up. Raises StorageError, and RecipeError for impossible seeds.
    """
    presets.require_valid(recipe.as_tables(), seeds)
    name = name or recipe.given_name or run_names.shared_name(recipe.base_model.id, recipe.data)
    folder = arenas_folder() / new_id(name)
    file = ArenaFile(schema=SCHEMA, name=name, made_at=now_text(), planned_seconds=planned_seconds)
    with disk_errors("{} can't be created: {}.", folder, hint="Free some space."):
        (folder / RECIPES).mkdir(parents=True)
        recipes.save(recipe, folder / RECIPE_NAME)
        entries.write(folder, file)
    return add(open_arena(folder), changes, family, seeds)


def open_arena(folder: Path) -> Arena:
    """Return the arena in a folder. Raises ArenaError if it is missing, damaged or of a later schema."""
    file = entries.read(folder)
    return Arena(folder, file.name, file.made_at, file.paused, tuple(file.entries), file.planned_seconds)


def list_arenas() -> tuple[list[Arena], list[Damaged]]:
    """Return all arenas, newest first, and the folders that can't be read."""
    arenas, damaged = [], []
    for folder in sorted(arenas_folder().iterdir(), reverse=True):
        if folder.is_dir():
            try:
                arenas.append(open_arena(folder))
            except ArenaError as error:
                damaged.append(Damaged(folder, error.message))
    return arenas, damaged


def find(name: str) -> Arena:
    """Return the arena with this id, beginning of an id or name, or in this folder. Raises ArenaError."""
    folder = expand_user(name)
    if path_exists(folder / FILE_NAME):
        return open_arena(resolved(folder))
    arenas, _ = list_arenas()
    matches = [each for each in arenas if name in (each.id, each.name)] or [
        each for each in arenas if name and each.id.startswith(name)
    ]
    if len(matches) != 1:
        several = say('Several arenas are called or begin with "{}".', name)
        message = several if matches else say('There is no arena "{}".', name)
        raise ArenaError(message, say("`{} arena list` lists them.", command_name()), "arena")
    return matches[0]


def delete(arena: Arena) -> Path:
    """Move an arena to the trash and return its path there; its runs and adapters stay.

    Raises ArenaError if its queue runs, StorageError.
    """
    if is_worked(arena):
        raise ArenaError(say("The queue of {} is running.", arena.name), "Stop it first.")
    return to_trash(arena.folder, arenas_folder(), "arena")


def restore_arena(path: Path) -> Arena:
    """Move an arena back from the trash."""
    return open_arena(restore(path, arenas_folder()))


# Changes
def add(arena: Arena, changes: Sequence[Change], family: Family | None = None, seeds: int = 1) -> Arena:
    """Append an entry for each change and seed, and return the arena.

    With several seeds, an existing entry counts as one of them. Raises RecipeError for impossible seeds, ArenaError if
    all entries exist.
    """
    common = recipes.parse(text_of(arena.folder / RECIPE_NAME))
    family = family or family_of(common)
    return _with_entries(arena, [changed(common, change, family) for change in changes], seeds)


def add_recipe(arena: Arena, recipe: Recipe, seeds: int = 1) -> Arena:
    """Append a recipe as an entry for each seed, as `add` does.

    Raises RecipeError if it can't be compared with the others.
    """
    clashes = unlike(arena.recipe().as_tables(), recipe.as_tables(), trains=recipe.method.method.trains)
    if clashes:
        raise RecipeError(clashes)
    return _with_entries(arena, [recipe.as_tables()], seeds)


def append(arena: Arena, entry: Entry) -> Arena:
    """Append an entry that has no recipe."""
    with _editing(arena) as file:
        file.entries.append(entry)
    return open_arena(arena.folder)


def remove(arena: Arena, entry_id: str) -> Arena:
    """Remove an entry; its run, recipe and summaries stay, so that it can be put back.

    The caller stops an entry that runs first.
    """
    with _editing(arena) as file:
        file.entries.remove(_entry(file, entry_id))
    return open_arena(arena.folder)


def put_back(arena: Arena, entry: Entry, index: int) -> Arena:
    """Put a removed entry back at its index. Raises ArenaError if another entry has its id now."""
    with _editing(arena) as file:
        if any(each.id == entry.id for each in file.entries):
            raise ArenaError(say("{} has another entry like {} now.", file.name, entry.name))
        file.entries.insert(max(0, index), entry)
    return open_arena(arena.folder)


def move(arena: Arena, entry_id: str, index: int) -> Arena:
    with _editing(arena) as file:
        entry = _entry(file, entry_id)
        file.entries.remove(entry)
        file.entries.insert(max(0, index), entry)
    return open_arena(arena.folder)


def set_paused(arena: Arena, *, paused: bool) -> Arena:
    """Pause the queue after the running entry, or continue it."""
    with _editing(arena) as file:
        file.paused = paused
    return open_arena(arena.folder)


def set_run(arena: Arena, entry_id: str, run_id: str) -> Arena:
    """Set the run of an entry, "" for a new one."""
    return set_runs(arena, {entry_id: run_id})


def set_runs(arena: Arena, runs: Mapping[str, str]) -> Arena:
    """Set the runs of entries, by their ids."""
    with _editing(arena) as file:
        file.entries = [
            each.model_copy(update={"run": runs[each.id]}) if each.id in runs else each
            for each in file.entries
        ]
    return open_arena(arena.folder)


def _with_entries(arena: Arena, recipes_tables: Sequence[Mapping[str, Any]], seeds: int) -> Arena:
    """Append entries; their recipes are written first, so that no entry lacks one."""
    for tables in recipes_tables:
        presets.require_valid(tables, seeds)
    with _editing(arena) as file:
        before = len(file.entries)
        added = Additions(file, arena.recipe_path)
        for tables, seed in presets.with_seeds(recipes_tables, seeds):
            added.add(tables, seed, once=seeds > 1)
        if seeds > 1 and len(file.entries) == before:
            raise ArenaError(
                say("{} has all these entries with {} seeds.", file.name, seeds),
                "Choose more seeds, or other entries.",
                "seeds",
            )
    return open_arena(arena.folder)


# Files
def _entry(arena: Arena | ArenaFile, entry_id: str) -> Entry:
    for each in arena.entries:
        if each.id == entry_id:
            return each
    raise ArenaError(
        say('{} has no entry "{}".', arena.name, entry_id),
        say("`{} arena show` lists them.", command_name()),
        "entry",
    )


@contextmanager
def _editing(arena: Arena) -> Iterator[ArenaFile]:
    """Yield the file under its lock, and write it after the block unless that fails."""
    with _locked(arena.folder / EDIT_LOCK, EDIT_SECONDS) as is_held:
        if not is_held:
            raise ArenaError(say("{} is being changed elsewhere.", arena.folder.name), "Try again.")
        file = entries.read(arena.folder)
        yield file
        with disk_errors("{} can't be written: {}.", arena.name, hint="Free some space."):
            entries.write(arena.folder, file)


@contextmanager
def working(arena: Arena) -> Iterator[None]:
    """Hold the lock of the queue. Raises ArenaError if another window or command line has it."""
    with _locked(arena.folder / QUEUE_LOCK) as is_held:
        if not is_held:
            raise ArenaError(
                say("The queue of {} is already running elsewhere.", arena.name), "Wait, or stop it."
            )
        yield


@contextmanager
def _locked(path: Path, wait_seconds: float = 0.0) -> Iterator[bool]:
    with ExitStack() as stack:
        try:
            is_held = stack.enter_context(held(path, wait_seconds))
        except OSError as error:
            raise ArenaError(say("The arena in {} is gone or can't be written.", path.parent)) from error
        yield is_held


def is_worked(arena: Arena) -> bool:
    """Tell whether a window or command line runs the queue."""
    try:
        with working(arena):
            return False
    except AppError:
        return True
