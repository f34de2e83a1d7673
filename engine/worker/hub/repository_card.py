"""What the card of a folder tells, be it from the Hub or not. Needs nothing of the Hub's library."""

from __future__ import annotations

import re
from pathlib import Path

from engine.system.foreign_files import FileKind, read_text
from engine.text import languages

LICENCE = re.compile(r"^licen[cs]e:[ \t]*(?:\n[ \t]*-[ \t]*)?[\"']?([^\s\"']+)", re.MULTILINE)
# A list of codes stands in brackets, or one a line below.
LANGUAGES = re.compile(r"^language:[ \t]*((?:\n[ \t]*-[^\n]*)+|[^\n]*)", re.MULTILINE)
CODE = re.compile(r"[A-Za-z][\w-]+")
# A card's facts stand at its beginning.
MAX_CARD_HEAD = 1 << 16


def licence(folder: Path) -> str:
    """Return the licence that a folder's card names, or ""."""
    match = LICENCE.search(_head(folder))
    return match.group(1) if match else ""


def language_codes(folder: Path) -> tuple[str, ...]:
    """Return the ISO 639 codes of the languages that a model's card names.

    () if it names none, or says that there are more: "multilingual", or a code that is not known here.
    """
    match = LANGUAGES.search(_front_matter(_head(folder)))
    codes = tuple(languages.standard(code) for code in CODE.findall(match.group(1))) if match else ()
    return codes if all(code in languages.LANGUAGES for code in codes) else ()


def _head(folder: Path) -> str:
    try:
        return read_text(folder / "README.md", FileKind.CARD, errors="replace")[:MAX_CARD_HEAD]
    except OSError:
        return ""


def _front_matter(head: str) -> str:
    """Return the facts between the first two lines of dashes; a card without them has none."""
    parts = re.split(r"^---[ \t]*$", head, maxsplit=2, flags=re.MULTILINE)
    return parts[1] if len(parts) == 3 and not parts[0].strip() else ""
