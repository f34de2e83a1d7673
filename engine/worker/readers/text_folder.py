"""Folders of text files: `x.txt`, `x.vtt` or `x.srt` is a conversation, `x.summary.txt` its reference summary.

Chat exports and transcripts are parsed into turns, with a remark about what is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from engine import chats
from engine.chats import ImportStats
from engine.worker.readers.chat_files import conversations
from engine.worker.readers.table import MAX_CHARACTERS, BrokenRow, Notes
from engine.worker.readers.text_decoding import chunks

SUFFIXES = (".txt", ".vtt", ".srt")
SUMMARY_ENDING = ".summary.txt"
# The most that a row's longest text can have in any encoding.
MAX_BYTES = 4 * MAX_CHARACTERS


def read(path: Path, notes: Notes, pause_hours: float) -> Iterator[Mapping[str, str | None] | BrokenRow]:
    """Yield the row of a conversation and its summary; a summary without a conversation is a broken row.

    A chat export without a summary gives a row for each of its conversations, separated by a pause of `pause_hours`.
    """
    if is_summary(path):
        stem = path.name[: -len(SUMMARY_ENDING)]
        endings = (spelt for suffix in SUFFIXES for spelt in (suffix, suffix.upper()))
        if not any(path.with_name(stem + ending).exists() for ending in endings):
            reason = f"there is no {stem}{SUFFIXES[0]} with the conversation beside it"
            yield BrokenRow("its one row", reason)
        return
    summary = path.with_name(path.stem + SUMMARY_ENDING)
    for part in (path, summary):
        if part.exists() and part.stat().st_size > MAX_BYTES:
            yield BrokenRow("its one row", f"{part.name} has more than {MAX_BYTES:,} bytes")
            return
    reference = _text(summary, notes) if summary.exists() else None
    text = _text(path, notes)
    chat = chats.read(text)
    # A summarised text is one conversation, however long its pauses are.
    stats = ImportStats(path.name, chat.kind, 0 if summary.exists() else pause_hours)
    stats.leave_out(chat.left_out)
    plain = [{"id": path.stem, "conversation": text}]
    rows = conversations(path.stem, chats.timed(chat.turns), stats, notes) if chat.is_export else plain
    for row in rows:
        complete = {**row, "summary": reference}
        notes.columns.update(dict.fromkeys(complete))
        yield complete


def is_summary(path: Path) -> bool:
    """Return whether a file's name is that of a summary."""
    return path.name.lower().endswith(SUMMARY_ENDING)


def _text(path: Path, notes: Notes) -> str:
    return "".join(chunks(path, notes)).replace("\r\n", "\n").replace("\r", "\n").strip("\n")
