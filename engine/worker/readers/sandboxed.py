"""Reads a file, or a folder of them, in the sandbox, and bounds what comes of it.

What a library reads may unpack, repeat and refer: a few kilobytes stand for more rows and text than a disk holds.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from engine.chats import ImportStats
from engine.errors import DataError
from engine.messages import say
from engine.system import sandbox
from engine.system.foreign_files import MAX_COMPRESSION_RATIO, SAFE_BYTES
from engine.system.sandbox import LimitError, Limits
from engine.worker.readers.table import FIELD, BrokenRow, Found, LinedRow, Notes, size_of

# Memory and time for reading a file of any size, and for each of its bytes or megabytes: until the next rows, not for
# all of them. Libraries hold some parts of a file as a whole, such as the texts of a workbook.
MEMORY_BYTES = 512 << 20
MEMORY_RATIO = 8
SECONDS = 2
SECONDS_PER_MIB = 20
MAX_SECONDS = 600
# A row of a conversation takes some bytes even where it is packed.
SAFE_ROWS = 20_000
BYTES_PER_ROW = 8
ROWS_PER_BATCH = 500
CHARACTERS_PER_BATCH = 1 << 18
# The first rows are all that a preview asks for.
FIRST_ROWS = 20
HINT = "Don't trust this file, or save it as csv or jsonl first."


def read_sandboxed(
    modules: Sequence[str], name: str, path: Path, notes: Notes, *others: Any
) -> Iterator[Found]:
    """Yield what a reader yields, in the sandbox: a function of the first of the modules, which are imported there.

    Raises DataError where it reaches a limit.
    """
    size = size_of(path)
    batches = partial(
        _batches,
        modules[0],
        name,
        (path.absolute(), notes, *others),
        max_rows(size),
        max(SAFE_BYTES, MAX_COMPRESSION_RATIO * size),
    )
    try:
        for batch in sandbox.results(batches, limits_of(size), modules):
            notes.columns.update(dict.fromkeys(batch["columns"]))
            notes.remarks += batch["remarks"]
            notes.chats += [
                ImportStats(**(stats | {"left_out": Counter(stats["left_out"])})) for stats in batch["chats"]
            ]
            notes.done_bytes, notes.reason = batch["done_bytes"], batch["reason"]
            yield from map(_row, batch["rows"])
    except LimitError as error:
        raise DataError(say("{} can't be read: {}.", path.name, error), HINT, FIELD) from error


def max_rows(size: int) -> int:
    """Return how many rows a file of so many bytes may have."""
    return SAFE_ROWS + size // BYTES_PER_ROW


def implausible(path: Path) -> DataError:
    """Return the error of a file with more than that, or far more text than its size allows."""
    message = say("{} contains implausibly much for its size.", path.name)
    return DataError(message, HINT, FIELD)


def limits_of(size: int) -> Limits:
    """Return the limits for reading so many bytes."""
    return Limits(
        min(MEMORY_BYTES + MEMORY_RATIO * size, psutil.virtual_memory().total // 2),
        min(SECONDS + SECONDS_PER_MIB * size // (1 << 20), MAX_SECONDS),
    )


# -------------------------------------------------------------------------------------------- in the sandbox


def _batches(
    module: str, name: str, given: tuple[Any, ...], rows: int, characters: int
) -> Iterator[dict[str, Any]]:
    """Yield what a reader yields, with what is new in its notes. Raises DataError for more than data would have."""
    path, notes = given[:2]
    told = replace(notes, **notes.copied())
    batch: list[Any] = []
    most, held = FIRST_ROWS, 0

    def batch_with_notes() -> dict[str, Any]:
        new = {
            "rows": batch,
            "columns": list(notes.columns)[len(told.columns) :],
            "remarks": notes.remarks[len(told.remarks) :],
            "chats": [
                vars(stats) | {"left_out": dict(stats.left_out)} for stats in notes.chats[len(told.chats) :]
            ],
            "done_bytes": notes.done_bytes,
            "reason": notes.reason,
        }
        vars(told).update(notes.copied())
        return new

    for row in getattr(sys.modules[module], name)(*given):
        length = 0 if isinstance(row, BrokenRow) else _characters(list(row.values()))
        rows, characters, held = rows - 1, characters - length, held + length
        if rows < 0 or characters < 0:
            raise implausible(path)
        batch.append(_plain(row))
        if len(batch) == most or held > CHARACTERS_PER_BATCH:
            yield batch_with_notes()
            batch, most, held = [], ROWS_PER_BATCH, 0
    yield batch_with_notes()


def _characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_characters, value.values()))
    return sum(map(_characters, value)) if isinstance(value, list) else 1


# Rows as plain values, and from these again.


def _plain(row: Found) -> Any:
    if isinstance(row, BrokenRow):
        return row.position, row.reason, row.hint
    return (dict(row), row.line) if isinstance(row, LinedRow) else dict(row)


def _row(plain: Any) -> Found:
    if isinstance(plain, dict):
        return plain
    return LinedRow(*plain) if len(plain) == 2 else BrokenRow(*plain)
