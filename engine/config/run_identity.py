"""What all processes of a run have to agree about before they compute together: its recipe and its conversations.

Knows nothing of processes.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.config.recipe import CHANGES, Recipe, looks_like_path
from engine.system.file_hashes import sha256
from engine.system.paths import expand_user


def identity(recipe: Recipe) -> dict[str, str]:
    """Return digests of a recipe and of its conversations; "" for conversations that are not on this computer.

    The path under which its conversations lie changes nothing.
    """
    source = recipe.data.source
    decides = deciding(recipe, with_source=not looks_like_path(source))
    text = repr(
        sorted(
            (name, sorted(table.items()) if isinstance(table, dict) else table)
            for name, table in decides.items()
        )
    )
    return {
        "recipe": hashlib.sha256(text.encode()).hexdigest()[:16],
        "data": _digest(expand_user(source)) if looks_like_path(source) else "",
    }


def deciding(recipe: Recipe, *, with_source: bool) -> dict[str, Any]:
    """Return the tables of a recipe that decide what is computed: not its name and earlier changes."""
    tables = {key: value for key, value in recipe.as_tables().items() if key not in {"name", CHANGES}}
    if not with_source:
        del tables["data"]["source"]
    return tables


def _digest(path: Path) -> str:
    """Return a digest of the names and contents of a file, or of the files below a folder."""
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    with suppress(OSError):
        for file in files:
            name = file.relative_to(path) if path.is_dir() else file.suffix
            digest.update(f"{name}:{sha256(file)};".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()[:16]
    return ""
