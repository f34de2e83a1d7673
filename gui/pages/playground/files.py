"""Conversations in text files. Knows no widget."""

from __future__ import annotations

from pathlib import Path

from engine.api import DataError

MOST_BYTES = 500_000
ROWS = "Data sets (*.jsonl);;All files (*)"
KINDS = "Text and transcripts (*.txt *.md *.log *.text *.vtt *.srt *.json);;All files (*)"


def read_conversation(path: Path) -> str:
    """Return the text of a file. Raises DataError for one that is missing, no text, or too large."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path.name} is larger than 500 kB.", "Choose a single conversation.")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name} can't be read as text.", "Choose a plain text file.") from error
