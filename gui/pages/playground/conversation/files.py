"""Reads conversations from text files. Knows no widget."""

from __future__ import annotations

from pathlib import Path

from engine.api import DataError, FileKind, encodings, foreign_files
from gui.look.language import mark, tr, translate

MAX_BYTES = 500_000
ROWS = mark("Data sets (*.jsonl);;All files (*)")
KINDS = mark("Text and transcripts (*.txt *.md *.log *.text *.vtt *.srt *.json);;All files (*)")


def read_conversation(path: Path) -> str:
    """Return the text of a file in any encoding. Raises DataError if it is not text, missing or too large."""
    try:
        if path.stat().st_size > MAX_BYTES:
            hint = tr("Choose a single conversation, or open the file on the data page.")
            raise DataError(tr("{file} is larger than 500 kB.", file=path.name), hint)
        return encodings.decode(foreign_files.read_bytes(path, FileKind.CONVERSATION))
    except (OSError, ValueError) as error:
        why = translate((error.strerror if isinstance(error, OSError) else None) or str(error))
        message = tr("{file} can't be read: {why}.", file=path.name, why=why)
        raise DataError(message, tr("Choose a plain text file.")) from error
