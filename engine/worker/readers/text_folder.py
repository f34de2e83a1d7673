"""Folders of text: `x.txt`, `x.vtt` or `x.srt` holds a conversation, `x.summary.txt` beside it its reference summary.

What is an export of chats or a transcript gives its turns, with a remark of what is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from engine import chats
from engine.chats import ImportStats
from engine.worker.readers.chat_files import conversations
from engine.worker.readers.table import MAX_CHARACTERS, Broken, Notes
from engine.worker.readers.text_decoding import chunks

SUFFIXES = (".txt", ".vtt", ".srt")
SUMMARY_ENDING = ".summary.txt"
# As many as a row's longest text may have in any encoding.
MAX_BYTES = 4 * MAX_CHARACTERS


def read(path: Path, notes: Notes, hours: float) -> Iterator[Mapping[str, str | None] | Broken]:
    """Yield the one row that a conversation and its summary make; a summary alone is broken.

    A chat export without a summary makes a row for each of its conversations; `hours` are the pause that parts them.
    """
    if is_summary(path):
        stem = path.name[: -len(SUMMARY_ENDING)]
        endings = (spelt for suffix in SUFFIXES for spelt in (suffix, suffix.upper()))
        if not any(path.with_name(stem + ending).exists() for ending in endings):
            why = f"there is no {stem}{SUFFIXES[0]} with the conversation beside it"
            yield Broken("its one row", why)
        return
    summary = path.with_name(path.stem + SUMMARY_ENDING)
    for part in (path, summary):
        if part.exists() and part.stat().st_size > MAX_BYTES:
            yield Broken("its one row", f"{part.name} has more than {MAX_BYTES:,} bytes")
            return
    given = _text(summary, notes) if summary.exists() else None
    text = _text(path, notes)
    chat = chats.read(text)
    # What someone has summarised is one conversation, however long its pauses are.
    stats = ImportStats(path.name, chat.kind, 0 if summary.exists() else hours)
    stats.leave_out(chat.left_out)
    plain = [{"id": path.stem, "conversation": text}]
    rows = conversations(path.stem, chats.timed(chat.turns), stats, notes) if chat.is_export else plain
    for row in rows:
        whole = {**row, "summary": given}
        notes.columns.update(dict.fromkeys(whole))
        yield whole


def is_summary(path: Path) -> bool:
    """Tell a summary's file from a conversation's by its name."""
    return path.name.lower().endswith(SUMMARY_ENDING)


def _text(path: Path, notes: Notes) -> str:
    return "".join(chunks(path, notes)).replace("\r\n", "\n").replace("\r", "\n").strip("\n")
