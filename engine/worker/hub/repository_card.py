"""What the card of a folder tells, be it from the Hub or not. Needs nothing of the Hub's library."""

from __future__ import annotations

import re
from pathlib import Path

from engine.system.foreign_files import FileKind, read_text

LICENCE = re.compile(r"^licen[cs]e:[ \t]*(?:\n[ \t]*-[ \t]*)?[\"']?([^\s\"']+)", re.MULTILINE)
# A card's facts stand at its beginning.
MAX_CARD_HEAD = 1 << 16


def licence(folder: Path) -> str:
    """Return the licence that a folder's card names, or ""."""
    try:
        head = read_text(folder / "README.md", FileKind.CARD, errors="replace")[:MAX_CARD_HEAD]
    except OSError:
        return ""
    match = LICENCE.search(head)
    return match.group(1) if match else ""
