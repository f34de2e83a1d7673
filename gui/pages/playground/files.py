"""Conversations in text files. Knows no widget."""

from __future__ import annotations

from pathlib import Path

from engine.api import DataError, encodings

MOST_BYTES = 500_000
ROWS = "Data sets (*.jsonl);;All files (*)"
KINDS = "Text and transcripts (*.txt *.md *.log *.text *.vtt *.srt *.json);;All files (*)"


def read_conversation(path: Path) -> str:
    """Return the text of a file, whatever its encoding. Raises DataError for one that is no text, gone or too large."""
    try:
        if path.stat().st_size > MOST_BYTES:
            hint = "Choose a single conversation, or look at it on the data page."
            raise DataError(f"{path.name} is larger than 500 kB.", hint)
        return encodings.decode(path.read_bytes())
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise DataError(f"{path.name} can't be read: {why}.", "Choose a plain text file.") from error
