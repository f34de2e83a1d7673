"""Keeps the facts of the plans that were made last, so that a form shows them at once while a worker plans anew.

A plan is known as long as its recipe and the files of base model, data and adapter stay as they were. What a plan shows
of conversations is not kept. Knows nothing of how plans are made.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import RootModel

from engine.config.recipe import SAMPLE, STARTER, Recipe, looks_like_path
from engine.system import cache
from engine.system.hub_cache import Kind, downloads_folder, repository_folder
from engine.system.paths import adapters_folder, expand_user, sample_folder, starter_folder

# Raised when plans have other facts than before.
FORMAT = 1
# Of a larger folder the first entries stand for all.
MAX_ENTRIES = 200
# Facts with texts of the data.
TEXTS = ("learned_preview", "prompt")


class _Facts(RootModel[dict[str, Any]]):
    """The facts of a plan by their names."""


def load(recipe: Recipe) -> dict[str, Any] | None:
    """Return the facts of the last plan of just this, None if there is none."""
    found = cache.load(_file(recipe), _Facts)
    return found.root if found else None


def save(recipe: Recipe, plan: dict[str, Any]) -> None:
    """Keep the facts of a plan, unless it has problems or a run would download or unpack something first."""
    if plan.get("problems") or plan.get("missing") or plan.get("unpacks"):
        return
    cache.save(_file(recipe), _Facts({name: fact for name, fact in plan.items() if name not in TEXTS}))


def _file(recipe: Recipe) -> Path:
    tables = {name: table for name, table in recipe.as_tables().items() if name != "name"}
    # The files and folders that decide a plan beside its recipe.
    base, data, start = recipe.base_model, recipe.data.source, recipe.method.start_from
    sources = [
        starter_folder() if base.id == STARTER else _place(base.id, base.revision, "model"),
        sample_folder() if data == SAMPLE else _place(data, "main", "dataset"),
        *([adapters_folder() / start] if start else []),
    ]
    stamps = [stamp for path in sources for stamp in _stamps(path)]
    return cache.place("known-plan", [FORMAT, tables, stamps])


def _place(source: str, revision: str, kind: Kind) -> Path:
    """Return the path of a local source, or the file that names the cached revision of one of the hub."""
    if looks_like_path(source):
        return expand_user(source)
    return repository_folder(downloads_folder(), source, kind) / "refs" / revision


def _stamps(path: Path) -> list[tuple[str, int, int]]:
    """Return name, size and time of a file, or of a folder's entries."""
    try:
        entries = (
            sorted(os.scandir(path), key=lambda entry: entry.name)[:MAX_ENTRIES] if path.is_dir() else []
        )
        facts = [(entry.name, entry.stat()) for entry in entries] or [(str(path), path.stat())]
    except OSError:
        return [(str(path), -1, -1)]
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in facts]
