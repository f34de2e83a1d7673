"""Adapters on the hub: their names as a person types them, and which are on this computer. Opens no connection."""

from __future__ import annotations

import re
from pathlib import Path

from engine.adapters.import_checks import CONFIG_NAME, WEIGHTS_NAME
from engine.system import hub_cache

MAIN = "main"
# The hub's own rule, but that a name without an owner, which is a file's rather, is none.
NAME = re.compile(r"([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@([\w./-]+))?", re.ASCII)
MAX_CHARACTERS = 200


def named(text: str) -> tuple[str, str] | None:
    """Return repository and revision of a text such as owner/name or owner/name@v1, None for another text."""
    found = NAME.fullmatch(text.strip()) if len(text) <= MAX_CHARACTERS else None
    return (found[1], found[2] or MAIN) if found else None


def repository(text: str) -> str:
    """Return the repository of a text such as owner/name, "" for another text or one that names a revision."""
    return text.strip() if named(text) and "@" not in text else ""


def is_here(repo_id: str, revision: str) -> bool:
    """Tell whether an adapter was downloaded to this computer before."""
    folder = hub_cache.cached_folder(repo_id, revision, "model")
    return folder is not None and is_complete(folder)


def is_complete(folder: Path) -> bool:
    """Tell whether a folder holds an adapter's configuration and its weights."""
    return (folder / CONFIG_NAME).exists() and (folder / WEIGHTS_NAME).exists()
