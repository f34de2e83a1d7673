"""Files of every kind into rows: one module per kind of file, and `open_table` for all of them.

Knows nothing of conversations, columns' meaning or recipes. Imports neither torch nor datasets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from engine.data import PAUSE_HOURS
from engine.errors import DataError
from engine.worker.readers import chat_files, content, delimited, text_folder
from engine.worker.readers.table import FIELD, BrokenRow, Notes, Reader, Record, Table

__all__ = ["DESCRIPTIONS", "FIELD", "SUFFIXES", "BrokenRow", "Record", "Table", "open_table", "suffix_of"]


def _read_parquet(path: Path, notes: Notes) -> Iterator[Mapping[str, Any] | BrokenRow]:
    # The libraries of these three take longer to import than the preview of a file may.
    from engine.worker.readers import columnar

    return columnar.read_parquet(path, notes)


def _read_arrow(path: Path, notes: Notes) -> Iterator[Mapping[str, Any] | BrokenRow]:
    from engine.worker.readers import columnar

    return columnar.read_arrow(path, notes)


def _read_workbook(path: Path, notes: Notes) -> Iterator[Mapping[str, Any] | BrokenRow]:
    from engine.worker.readers import workbook

    return workbook.read(path, notes)


_READERS: dict[str, Reader] = {
    ".csv": delimited.read,
    ".tsv": delimited.read,
    ".parquet": _read_parquet,
    ".arrow": _read_arrow,
    ".xlsx": _read_workbook,
}
# Readers of files that may hold chats; they take the pause in hours that separates conversations. A folder is a Slack
# channel.
_CHAT_READERS: dict[str, Callable[..., Iterator[Mapping[str, Any] | BrokenRow]]] = {
    "": chat_files.read_channel,
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), chat_files.read),
    **dict.fromkeys(text_folder.SUFFIXES, text_folder.read),
}
# A file with one of these endings is a data file; a text file is one if it was chosen, or if there is no other.
SUFFIXES = tuple(
    suffix for suffix in (*_READERS, *_CHAT_READERS) if suffix and suffix not in text_folder.SUFFIXES
)
# Written beside data by `datasets`, kaggle and others; they describe the data and hold none.
DESCRIPTIONS = {"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "metadata.json"}


def open_table(files: Sequence[Path], pause_hours: float = PAUSE_HOURS) -> Table:
    """Return the rows of files of one kind as one table; nothing is read yet. A folder is a Slack channel.

    A pause of `pause_hours` separates the conversations of a chat, 0: no pause does. Raises DataError with the field
    `data.source` for files of several kinds.
    """
    readers = {_reader(path) for path in files}
    if len(readers) > 1:
        names = ", ".join(path.name for path in files)
        raise DataError(f"The files are of several kinds: {names}.", "Leave one kind in the folder.", FIELD)
    reader = readers.pop()
    read: Reader = partial(reader, pause_hours=pause_hours) if reader in _CHAT_READERS.values() else reader
    return Table(files, read, may_have_more_columns=reader is chat_files.read)


def suffix_of(path: Path) -> str:
    """Return the suffix whose reader fits a file, "" for none: of a text file its content decides."""
    return content.suffix_of(path, (*SUFFIXES, *text_folder.SUFFIXES))


def _reader(path: Path) -> Callable[..., Iterator[Mapping[str, Any] | BrokenRow]]:
    suffix = "" if path.is_dir() else suffix_of(path) or path.suffix.lower()
    return _READERS.get(suffix) or _CHAT_READERS[suffix]
