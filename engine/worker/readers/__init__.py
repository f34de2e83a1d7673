"""From a file to rows as they stand: one module a kind of file, and `open_table` for all of them.

Knows nothing of conversations, columns' meaning or recipes. Imports neither torch nor datasets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import DataError
from engine.worker.readers import delimited, json_files, text_folder
from engine.worker.readers.table import FIELD, Broken, Notes, Reader, Record, Table

__all__ = ["FIELD", "SUFFIXES", "Broken", "Record", "Table", "open_table"]


def _read_parquet(path: Path, notes: Notes) -> Iterator[Mapping[str, Any] | Broken]:
    # The libraries of these three take longer to load than a first look at a file may.
    from engine.worker.readers import columnar

    return columnar.read_parquet(path, notes)


def _read_arrow(path: Path, notes: Notes) -> Iterator[Mapping[str, Any] | Broken]:
    from engine.worker.readers import columnar

    return columnar.read_arrow(path, notes)


def _read_workbook(path: Path, notes: Notes) -> Iterator[Mapping[str, Any] | Broken]:
    from engine.worker.readers import workbook

    return workbook.read(path, notes)


_READERS: dict[str, Reader] = {
    ".csv": delimited.read,
    ".tsv": delimited.read,
    ".json": json_files.read,
    ".jsonl": json_files.read,
    ".ndjson": json_files.read,
    ".parquet": _read_parquet,
    ".arrow": _read_arrow,
    ".xlsx": _read_workbook,
    **dict.fromkeys(text_folder.SUFFIXES, text_folder.read),
}
# What makes a data file by its name alone; a text file is one where it was chosen, or where there is no other.
SUFFIXES = tuple(suffix for suffix in _READERS if suffix not in text_folder.SUFFIXES)


def open_table(files: Sequence[Path]) -> Table:
    """Return the rows of files of one kind as one table; nothing is read yet.

    Raises DataError with the field `data.source` for files of several kinds.
    """
    readers = {_READERS[path.suffix.lower()] for path in files}
    if len(readers) > 1:
        names = ", ".join(path.name for path in files)
        raise DataError(f"The files are of several kinds: {names}.", "Leave one kind in the folder.", FIELD)
    reader = readers.pop()
    return Table(files, reader, may_have_more_columns=reader is json_files.read)
