"""Appends entries to the file of an arena, named apart from those that it has, and each with the file of its recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.arena import seeds
from engine.arena.arena_file import ArenaFile, Entry, dumped, text_of
from engine.arena.naming import distinguishing_text, entry_name
from engine.config import recipe as recipes
from engine.errors import AppError, RecipeError
from engine.jobs.job import slug
from engine.system.files import write_atomically


class Additions:
    """Entries that are appended to a file, beside those that it has."""

    def __init__(self, file: ArenaFile, recipe_path: Callable[[Entry], Path]) -> None:
        self._file = file
        self._recipe_path = recipe_path
        self._recipes: dict[str, Mapping[str, Any]] = {}

    def add(self, tables: Mapping[str, Any], seed: int | None, *, once: bool) -> None:
        """Append an entry; `once`: not if there is one with the same recipe, which becomes the entry of this seed."""
        siblings = self._siblings(tables) if once else []
        same = next(
            (each for each in siblings if seeds.seed_of(self._tables(each)) == seeds.seed_of(tables)),
            None,
        )
        if same is not None:
            self._file.entries[self._file.entries.index(same)] = same.model_copy(update={"seed": seed})
            return
        entry = self._new_entry(tables, seed, siblings)
        named_tables = {**tables, "name": f"{self._file.name}: {entry.name}"}
        write_atomically(self._recipe_path(entry), dumped(named_tables))
        self._recipes[entry.id] = _with_defaults(tables)
        self._file.entries.append(entry)

    def _siblings(self, tables: Mapping[str, Any]) -> list[Entry]:
        """Return the entries whose recipe differs by its seed alone."""
        complete = _with_defaults(tables)
        return [
            each
            for each in self._file.entries
            if not each.file and seeds.differ_by_seed_alone(self._tables(each), complete)
        ]

    def _tables(self, entry: Entry) -> Mapping[str, Any]:
        """Return the recipe of an entry, an empty one if it can't be read."""
        if entry.id not in self._recipes:
            try:
                tables = recipes.parse(text_of(self._recipe_path(entry)))
                self._recipes[entry.id] = _with_defaults(tables)
            except AppError:
                self._recipes[entry.id] = {}
        return self._recipes[entry.id]

    def _new_entry(self, tables: Mapping[str, Any], seed: int | None, siblings: Sequence[Entry]) -> Entry:
        title, detail = self._name(tables, siblings)
        stem = slug(f"{title} {detail}{'' if seed is None else f' seed {seed}'}") or "entry"
        taken = {each.id for each in self._file.entries}
        numbered = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(taken) + 2))
        free = next(each for each in numbered if each not in taken)
        return Entry(id=free, title=title, detail=detail, seed=seed)

    def _name(self, tables: Mapping[str, Any], siblings: Sequence[Entry]) -> tuple[str, str]:
        """Return title and detail: those of the other seeds, else ones that no other entry has."""
        if siblings:
            return siblings[0].title, siblings[0].detail
        title, detail = entry_name(tables)
        clash = next(
            (each for each in self._file.entries if (each.title, each.detail) == (title, detail)), None
        )
        if clash is not None:
            extra = distinguishing_text(recipes.parse(text_of(self._recipe_path(clash))), tables)
            detail = ", ".join(part for part in (detail, extra) if part)
        return title, detail


def _with_defaults(tables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a recipe's tables with defaults if it is valid."""
    try:
        return recipes.from_tables(tables).as_tables()
    except RecipeError:
        return tables
