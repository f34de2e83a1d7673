"""Folders of text: `x.txt`, `x.vtt` or `x.srt` holds a conversation, `x.summary.txt` beside it its reference summary.

A conversation that is an export of chats or a transcript gives its turns, with a remark of what is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from engine import chats
from engine.worker.readers.encodings import chunks
from engine.worker.readers.table import MOST_CHARACTERS, Broken, Notes

SUFFIXES = (".txt", ".vtt", ".srt")
SUMMARY_ENDING = ".summary.txt"
# As many as a row's longest text may have in any encoding.
MOST_BYTES = 4 * MOST_CHARACTERS


def read(path: Path, notes: Notes) -> Iterator[Mapping[str, str | None] | Broken]:
    """Yield the one row that a conversation and its summary make; a summary alone is broken."""
    if is_summary(path):
        stem = path.name[: -len(SUMMARY_ENDING)]
        endings = (spelt for suffix in SUFFIXES for spelt in (suffix, suffix.upper()))
        if not any(path.with_name(stem + ending).exists() for ending in endings):
            why = f"there is no {stem}{SUFFIXES[0]} with the conversation beside it"
            yield Broken("its one row", why)
        return
    summary = path.with_name(path.stem + SUMMARY_ENDING)
    for part in (path, summary):
        if part.exists() and part.stat().st_size > MOST_BYTES:
            yield Broken("its one row", f"{part.name} has more than {MOST_BYTES:,} bytes")
            return
    row = {
        "id": path.stem,
        "conversation": _conversation(path, notes),
        "summary": _text(summary, notes) if summary.exists() else None,
    }
    notes.columns.update(dict.fromkeys(row))
    yield row


def is_summary(path: Path) -> bool:
    """Tell a summary's file from a conversation's by its name."""
    return path.name.lower().endswith(SUMMARY_ENDING)


def _conversation(path: Path, notes: Notes) -> str:
    text = _text(path, notes)
    chat = chats.read(text)
    if not chat.is_export:
        return text
    notes.remarks.append(f"{path.name} is read as turns. {chat.described()}.")
    return chat.text


def _text(path: Path, notes: Notes) -> str:
    return "".join(chunks(path, notes)).replace("\r\n", "\n").replace("\r", "\n").strip("\n")
