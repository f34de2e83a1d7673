"""Tells how a file is read: by its ending, or by its content where the ending says nothing."""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

from engine import chats
from engine.data import text_kind
from engine.errors import DataError
from engine.worker.readers import unread
from engine.worker.readers.table import Notes
from engine.worker.readers.text_decoding import FIRST_BYTES, chunks

# A file with one of these endings, or with one that no reader knows, may hold anything: its content decides.
OPEN_SUFFIXES = ("", ".txt", ".text", ".log", ".md")
MAGIC = {
    b"PAR1": ".parquet",
    b"ARROW1": ".arrow",
    b"%PDF": ".pdf",
    b"SQLite f": ".sqlite",
    b"FEA1": ".feather",
}
ZIPPED = {"word/document.xml": ".docx", "xl/workbook.xml": ".xlsx"}


def suffix_of(path: Path, known: Collection[str]) -> str:
    """Return the suffix whose reader fits a file, "" for one without a `known` ending that is no text."""
    suffix = path.suffix.lower()
    if suffix in known and suffix not in OPEN_SUFFIXES:
        return suffix
    status = path.stat()
    found = _by_content(path, status.st_mtime_ns, status.st_size)
    return found if found in known else suffix if suffix in known else ""


@lru_cache(maxsize=20_000)
def _by_content(path: Path, _time: int, size: int) -> str:
    """Return the suffix for what a file holds, "" for no text; its time and size are the cache's keys too."""
    with path.open("rb") as stream:
        first = stream.read(8)
    magic = next((suffix for start, suffix in MAGIC.items() if first.startswith(start)), "")
    if magic or first.startswith(b"PK\x03\x04"):
        return magic or _zipped(path)
    try:
        text = next(chunks(path, Notes()), "")
    except (DataError, ValueError):
        return ""
    end = text.rfind("\n") + 1
    text = text[:end] if size > FIRST_BYTES and end else text
    found = text_kind.suffix_of(text)
    suffix = path.suffix.lower()
    if found != ".txt" or (suffix and suffix in OPEN_SUFFIXES):
        return found
    # Prose with an ending of its own, such as a program, is no conversation.
    is_talk = not suffix or chats.read(text).speakers
    return found if is_talk and not unread.kind_of(path) else ""


def _zipped(path: Path) -> str:
    """Return the suffix for a zip by the members that tell it, "" for any other zip."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return ""
    return next((suffix for member, suffix in ZIPPED.items() if member in names), "")
