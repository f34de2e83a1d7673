"""Reads a file, or a folder of them, in a process of its own, with limits, and bounds what comes of it.

What a library reads may unpack, repeat and refer: a few kilobytes stand for more rows and text than a disk holds.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from engine.errors import DataError
from engine.system import limited_process
from engine.system.limited_process import LimitError, Limits
from engine.worker.readers.table import FIELD, MAX_COMPRESSION_RATIO, SAFE_BYTES, BrokenRow, Notes, size_of

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
HINT = "Don't trust this file. If you do, save it as csv or jsonl, and choose that."
Found = Mapping[str, Any] | BrokenRow


@dataclass
class _Batch:
    """Rows, and what is new in the notes on them."""

    rows: list[Found]
    columns: list[str]
    remarks: list[str]
    chats: list[Any]
    settled: dict[str, Any] = field(default_factory=dict)


def read_apart(
    read: Callable[..., Iterator[Found]], path: Path, notes: Notes, *others: Any
) -> Iterator[Found]:
    """Yield what `read` yields, read in a process with limits. Raises DataError where one is reached."""
    limits = _limits(size_of(path))
    batches = limited_process.results(partial(_batches, read, path, notes, others), limits)
    try:
        for batch in batches:
            _note(notes, batch)
            yield from batch.rows
    except LimitError as error:
        raise DataError(f"{path.name} can't be read: {error}.", HINT, FIELD) from error


def _limits(size: int) -> Limits:
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if limited_process.is_supported() else 0
    return Limits(
        min(MEMORY_BYTES + MEMORY_RATIO * size, whole // 2),
        min(SECONDS + SECONDS_PER_MIB * size // (1 << 20), MAX_SECONDS),
    )


def _note(notes: Notes, batch: _Batch) -> None:
    notes.columns.update(dict.fromkeys(batch.columns))
    notes.remarks += batch.remarks
    notes.chats += batch.chats
    vars(notes).update(batch.settled)


def _batches(
    read: Callable[..., Iterator[Found]], path: Path, notes: Notes, others: tuple[Any, ...]
) -> Iterator[_Batch]:
    told = _Told(notes)
    bounds = _Bounds(path)
    rows: list[Found] = []
    limit, characters = FIRST_ROWS, 0
    for row in read(path, notes, *others):
        characters += bounds.use(row)
        rows.append(row)
        if len(rows) == limit or characters > CHARACTERS_PER_BATCH:
            yield told.batch(rows)
            rows, limit, characters = [], ROWS_PER_BATCH, 0
    yield told.batch(rows)


class _Told:
    """What of the notes was sent already."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._columns = self._remarks = self._chats = 0

    def batch(self, rows: list[Found]) -> _Batch:
        """Return rows with what is new."""
        notes = self._notes
        new = _Batch(
            rows,
            list(notes.columns)[self._columns :],
            notes.remarks[self._remarks :],
            notes.chats[self._chats :],
            {"done_bytes": notes.done_bytes, "siblings": notes.siblings, "reason": notes.reason},
        )
        self._columns, self._remarks, self._chats = (
            len(notes.columns),
            len(notes.remarks),
            len(notes.chats),
        )
        return new


class _Bounds:
    """The rows and characters that a file may still give."""

    def __init__(self, path: Path) -> None:
        size = size_of(path)
        self._name = path.name
        self._rows = SAFE_ROWS + size // BYTES_PER_ROW
        self._characters = max(SAFE_BYTES, MAX_COMPRESSION_RATIO * size)

    def use(self, row: Found) -> int:
        """Subtract a row, and return its characters. Raises DataError if there are more than data would have."""
        characters = 0 if isinstance(row, BrokenRow) else _characters(list(row.values()))
        self._rows -= 1
        self._characters -= characters
        if self._rows < 0 or self._characters < 0:
            raise DataError(
                f"{self._name} holds far more rows or text than data of its size would.", HINT, FIELD
            )
        return characters


def _characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_characters, value.values()))
    return sum(map(_characters, value)) if isinstance(value, list) else 1
