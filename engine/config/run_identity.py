"""What all processes of a run have to agree about before they compute together: its recipe and its conversations.

Knows nothing of processes.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from engine.config.recipe import CHANGES, Recipe, looks_like_path
from engine.system.foreign_files import open_regular

# Of each file so much is read at both ends: large ones are recognised without being read.
END_BYTES = 1 << 20


def identity(recipe: Recipe) -> dict[str, str]:
    """Return digests of a recipe and of its conversations; "" for conversations that are not on this computer.

    A run's name, and the path under which its conversations lie, change nothing.
    """
    tables = recipe.as_tables()
    decides = {key: value for key, value in tables.items() if key not in {"name", CHANGES}}
    source = recipe.data.source
    if looks_like_path(source):
        decides["data"] = {key: value for key, value in tables["data"].items() if key != "source"}
    text = repr(sorted((name, _sorted(table)) for name, table in decides.items()))
    return {
        "recipe": hashlib.sha256(text.encode()).hexdigest()[:16],
        "data": _digest(Path(source).expanduser()) if looks_like_path(source) else "",
    }


def _sorted(table: object) -> object:
    return sorted(table.items()) if isinstance(table, dict) else table


def _digest(path: Path) -> str:
    """Return a digest of the names, sizes and ends of a file, or of the files below a folder."""
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    with suppress(OSError):
        for file in files:
            size = file.stat().st_size
            name = file.relative_to(path) if path.is_dir() else file.suffix
            digest.update(f"{name}:{size};".encode())
            with open_regular(file) as stream:
                digest.update(stream.read(END_BYTES))
                stream.seek(max(0, size - END_BYTES), os.SEEK_SET)
                digest.update(stream.read())
        return digest.hexdigest()[:16]
    return ""
