"""The names of adapters on the hub, as a person types them. Opens no connection."""

from __future__ import annotations

import re

MAIN = "main"
# The hub's own rule, but that a name without an owner, which is a file's rather, is none.
NAME = re.compile(r"([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@([\w./-]+))?", re.ASCII)
MAX_CHARACTERS = 200


def named(text: str) -> tuple[str, str] | None:
    """Return repository and revision of a text such as owner/name or owner/name@v1, None for another text."""
    found = NAME.fullmatch(text.strip()) if len(text) <= MAX_CHARACTERS else None
    return (found[1], found[2] or MAIN) if found else None
