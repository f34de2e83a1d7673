"""Rows of a source: in memory, or beyond a share of what is free in an Arrow file, which goes with its process."""

from __future__ import annotations

import json
import mmap
import tempfile
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import chain, islice
from typing import Generic, NamedTuple, TypeVar, overload

import psutil
import pyarrow as pa

from engine.data import SourcedExample
from engine.errors import StorageError
from engine.system.paths import cache_folder
from engine.text import pii
from engine.text.conversations import Example

T = TypeVar("T")
U = TypeVar("U")
# Rows may take this share of the free memory, and no more than this: a container has less than it shows. Beside its
# texts a row takes about so many bytes.
MEMORY_SHARE, MAX_BYTES, ROW_BYTES = 8, 1 << 30, 800
ROWS_PER_BATCH = 1_000


@dataclass(frozen=True)
class Row:
    """One row of a source: its number in its table, from 1, and its example, complete or not.

    `masked` are the kinds of personal data that were masked in it, one entry per occurrence; `place` is its file and
    line, as far as they say more than its number.
    """

    number: int
    example: Example
    masked: tuple[str, ...] = ()
    place: str = ""

    @property
    def missing(self) -> str | None:
        """What the row lacks: "conversation", "summary", or None if it is complete."""
        if not self.example.conversation.strip():
            return "conversation"
        return None if self.example.summary.strip() else "summary"


class _Record(NamedTuple):
    """An example, the numbers of its rows, the kinds that were masked in it, and its place."""

    numbers: tuple[int, ...]
    masked: tuple[str, ...]
    place: str
    example: Example

    @property
    def size(self) -> int:
        texts = (self.example.conversation, self.example.summary, *self.example.more_references)
        return ROW_BYTES + sum(map(len, texts))


class _ArrowRecords(Sequence[_Record]):
    """Records in a file without a name, mapped."""

    def __init__(self, records: Iterator[_Record]) -> None:
        schema = pa.schema({"record": pa.large_string()})
        try:
            # Closed with the mapping, which keeps it open until then.
            with tempfile.TemporaryFile(dir=cache_folder()) as file:
                with pa.ipc.new_file(file, schema) as writer:
                    while some := [_json(record) for record in islice(records, ROWS_PER_BATCH)]:
                        writer.write_batch(pa.record_batch([some], schema=schema))
                file.flush()
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise StorageError(
                f"The rows do not fit into memory, and {cache_folder()} does not take them: {error.strerror}.",
                "Free some disk space, or limit the rows.",
            ) from error
        self._column = pa.ipc.open_file(pa.py_buffer(mapped)).read_all()["record"]

    def __len__(self) -> int:
        return len(self._column)

    def __getitem__(self, number: int) -> _Record:  # type: ignore[override]
        numbers, masked, place, (name, conversation, summary, more) = json.loads(self._column[number].as_py())
        example = Example(name, conversation, summary, tuple(more))
        return _Record(tuple(numbers), tuple(masked), place, example)


def _json(record: _Record) -> str:
    return json.dumps([*record[:3], astuple(record.example)])


class LazySequence(Sequence[T], Generic[T]):
    """A sequence of records; each item is made anew whenever it is accessed.

    Slices are lazy too. Equal to every sequence with the same items.
    """

    def __init__(self, records: Sequence[_Record], numbers: array[int], make: Callable[[_Record], T]) -> None:
        self._records = records
        self._numbers = numbers
        self._make = make

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> LazySequence[T]: ...

    def __getitem__(self, index: int | slice) -> T | LazySequence[T]:
        if isinstance(index, slice):
            return LazySequence(self._records, self._numbers[index], self._make)
        return self._make(self._records[self._numbers[index]])

    def __iter__(self) -> Iterator[T]:
        return (self._make(self._records[number]) for number in self._numbers)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(
            mine == theirs for mine, theirs in zip(self, other, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def select(self, indices: Iterable[int]) -> LazySequence[T]:
        """Return the items at these indices, in that order."""
        numbers = array("q", (self._numbers[index] for index in indices))
        return LazySequence(self._records, numbers, self._make)

    def mapped(self, make: Callable[[_Record], U]) -> LazySequence[U]:
        """Return the sequence with items made by another function."""
        return LazySequence(self._records, self._numbers, make)


def _stored(records: Iterable[_Record], make: Callable[[_Record], T]) -> LazySequence[T]:
    held: list[_Record] = []
    room = min(psutil.virtual_memory().available // MEMORY_SHARE, MAX_BYTES)
    coming = iter(records)
    for record in coming:
        held.append(record)
        room -= record.size
        if room < 0:
            stored_records: Sequence[_Record] = _ArrowRecords(chain(held, coming))
            break
    else:
        stored_records = held
    return LazySequence(stored_records, array("q", range(len(stored_records))), make)


def stored(examples: Iterable[SourcedExample]) -> LazySequence[SourcedExample]:
    """Return the examples as a sequence."""
    return _stored((_Record(each.rows, (), each.place, each.example) for each in examples), _sourced)


def no_rows() -> LazySequence[Row]:
    """Return an empty sequence."""
    return _stored((), _row)


def rows_of(examples: LazySequence[SourcedExample], kinds: Collection[str]) -> LazySequence[Row]:
    """Return the rows of examples, with these kinds of personal data (ids) masked in all texts."""
    rows = examples.mapped(_row)
    if not kinds:
        return rows
    masked = (_masked(row, kinds) for row in rows)
    return _stored((_Record((row.number,), row.masked, row.place, row.example) for row in masked), _row)


def examples_of(rows: LazySequence[Row]) -> LazySequence[Example]:
    """Return the examples of rows."""
    return rows.mapped(_example)


def _example(record: _Record) -> Example:
    return record.example


def _sourced(record: _Record) -> SourcedExample:
    return SourcedExample(record.example, record.numbers, record.place)


def _row(record: _Record) -> Row:
    return Row(record.numbers[0], record.example, record.masked, record.place)


def _masked(row: Row, kinds: Collection[str]) -> Row:
    example = row.example
    texts = (example.conversation, example.summary, *example.more_references)
    (conversation, summary, *more), matches = zip(*(pii.mask(text, kinds) for text in texts), strict=True)
    masked = tuple(match.kind for row_matches in matches for match in row_matches)
    if not masked:
        return row
    changed = replace(example, conversation=conversation, summary=summary, more_references=tuple(more))
    return replace(row, example=changed, masked=masked)
