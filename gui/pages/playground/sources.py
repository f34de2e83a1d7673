"""Where single conversations come from: the bundled ones, or a text file."""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import islice
from pathlib import Path

from engine.api import DataError, Example, FileKind, StorageError, encodings, foreign_files, paths
from gui.look.language import mark, tr, translate

MAX_BYTES = 500_000
ROWS = mark("Data sets (*.jsonl);;All files (*)")
KINDS = mark("Text and transcripts (*.txt *.md *.log *.text *.vtt *.srt *.sbv *.json);;All files (*)")
FILE_NAME = "test.jsonl"
MAX_SAMPLES = 200


def read_conversation(path: Path) -> str:
    """Return the text of a file in any encoding. Raises DataError if it is not text, missing or too large."""
    try:
        if path.stat().st_size > MAX_BYTES:
            hint = tr("Choose one conversation, or open the file in Data sets.")
            raise DataError(tr("{file} is larger than 500 kB.", file=path.name), hint)
        return encodings.decode(foreign_files.read_bytes(path, FileKind.CONVERSATION))
    except (OSError, ValueError) as error:
        why = translate((error.strerror if isinstance(error, OSError) else None) or str(error))
        message = tr("{file} can't be read: {why}.", file=path.name, why=why)
        raise DataError(message, tr("Choose a plain text file.")) from error


@lru_cache(maxsize=1)
def samples() -> tuple[Example, ...]:
    """Return the first bundled test conversations. Raises StorageError if the installation lacks them."""
    path = paths.sample_folder() / FILE_NAME
    try:
        with path.open(encoding="utf-8") as stream:
            return tuple(_example(line) for line in islice(stream, MAX_SAMPLES))
    except (OSError, ValueError, KeyError) as error:
        message = tr("The bundled conversations are missing.")
        raise StorageError(message, tr("Install Tunesmith again.")) from error


def _example(line: str) -> Example:
    row = json.loads(line)
    return Example(str(row["id"]), row["dialogue"], row["summary"])
