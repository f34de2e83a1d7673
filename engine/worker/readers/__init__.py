"""From a file to rows as they stand: one module a kind of file, and `open_table` for all of them.

Knows nothing of conversations, columns' meaning or recipes. Imports neither torch nor datasets.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import DataError
from engine.worker.readers import columnar, delimited, json_files, text_folder, workbook
from engine.worker.readers.table import FIELD, Broken, Reader, Record, Table

__all__ = ["FIELD", "SUFFIXES", "Broken", "Record", "Table", "open_table"]

_READERS: dict[str, Reader] = {
    ".csv": delimited.read,
    ".tsv": delimited.read,
    ".json": json_files.read,
    ".jsonl": json_files.read,
    ".ndjson": json_files.read,
    ".parquet": columnar.read_parquet,
    ".arrow": columnar.read_arrow,
    ".xlsx": workbook.read,
    text_folder.SUFFIX: text_folder.read,
}
# What makes a data file by its name alone; a text file is one in a folder of pairs only.
SUFFIXES = tuple(suffix for suffix in _READERS if suffix != text_folder.SUFFIX)


def open_table(files: Sequence[Path]) -> Table:
    """Return the rows of files of one kind as one table; nothing is read yet.

    Raises DataError with the field `data.source` for files of several kinds.
    """
    readers = {_READERS[path.suffix.lower()] for path in files}
    if len(readers) > 1:
        names = ", ".join(path.name for path in files)
        raise DataError(f"The files are of several kinds: {names}.", "Leave one kind in the folder.", FIELD)
    return Table(files, readers.pop())
