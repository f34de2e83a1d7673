"""Rows of a source, and sequences of them that are stored on disk instead of in memory."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, overload

from engine.data import SourcedExample
from engine.text import pii
from engine.text.conversations import Example
from engine.worker.runtime.spill_file import SpillFile

T = TypeVar("T")
U = TypeVar("U")
# Row numbers, masked kinds, the place, and the texts of an example: id, conversation, summary, further references.
Record = list[Any]
# Of stored bytes, and of what the objects of a row take beside its texts.
MAX_HELD_BYTES, ROW_BYTES = 256 << 20, 600


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


class _Records:
    """Records in a spill file."""

    def __init__(self) -> None:
        self._file = SpillFile()
        self._ends = array("q", [0])

    def add(self, record: Record) -> None:
        self._file.append(json.dumps(record).encode("ascii"))
        self._ends.append(self._file.size)

    def __len__(self) -> int:
        return len(self._ends) - 1

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self._file.size

    def __getitem__(self, number: int) -> Record:
        start, end = self._ends[number : number + 2]
        record: Record = json.loads(self._file.read(start, end - start))
        return record


class LazySequence(Sequence[T], Generic[T]):
    """A sequence of stored records; each item is made anew whenever it is accessed.

    Slices are lazy too. Equal to every sequence with the same items.
    """

    def __init__(self, records: _Records, numbers: array[int], make: Callable[[Record], T]) -> None:
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

    def held(self) -> Sequence[T]:
        """Return the same items, in memory where they are few enough, for work that looks at each again and again."""
        held = self._records.size + ROW_BYTES * len(self)
        return tuple(self) if held <= MAX_HELD_BYTES else self

    def select(self, indices: Iterable[int]) -> LazySequence[T]:
        """Return the items at these indices, in that order."""
        numbers = array("q", (self._numbers[index] for index in indices))
        return LazySequence(self._records, numbers, self._make)

    def mapped(self, make: Callable[[Record], U]) -> LazySequence[U]:
        """Return the sequence with items made by another function."""
        return LazySequence(self._records, self._numbers, make)


def _stored(records: Iterable[Record], make: Callable[[Record], T]) -> LazySequence[T]:
    stored_records = _Records()
    for record in records:
        stored_records.add(record)
    return LazySequence(stored_records, array("q", range(len(stored_records))), make)


def stored(examples: Iterable[SourcedExample]) -> LazySequence[SourcedExample]:
    """Return the examples, stored on disk."""
    return _stored((_record(each.rows, (), each.place, each.example) for each in examples), _sourced)


def no_rows() -> LazySequence[Row]:
    """Return an empty sequence."""
    return _stored((), _row)


def rows_of(examples: LazySequence[SourcedExample], kinds: Collection[str]) -> LazySequence[Row]:
    """Return the rows of examples, with these kinds of personal data (ids) masked in all texts."""
    rows = examples.mapped(_row)
    if not kinds:
        return rows
    masked = (_masked(row, kinds) for row in rows)
    return _stored((_record((row.number,), row.masked, row.place, row.example) for row in masked), _row)


def examples_of(rows: LazySequence[Row]) -> LazySequence[Example]:
    """Return the examples of rows."""
    return rows.mapped(_example)


def _record(numbers: Sequence[int], masked: Sequence[str], place: str, example: Example) -> Record:
    return [
        numbers,
        masked,
        place,
        example.id,
        example.conversation,
        example.summary,
        *example.more_references,
    ]


def _example(record: Record) -> Example:
    _, _, _, name, conversation, summary, *more = record
    return Example(name, conversation, summary, tuple(more))


def _sourced(record: Record) -> SourcedExample:
    return SourcedExample(_example(record), tuple(record[0]), record[2])


def _row(record: Record) -> Row:
    return Row(record[0][0], _example(record), tuple(record[1]), record[2])


def _masked(row: Row, kinds: Collection[str]) -> Row:
    example = row.example
    texts = (example.conversation, example.summary, *example.more_references)
    (conversation, summary, *more), matches = zip(*(pii.mask(text, kinds) for text in texts), strict=True)
    masked = tuple(match.kind for row_matches in matches for match in row_matches)
    if not masked:
        return row
    changed = replace(example, conversation=conversation, summary=summary, more_references=tuple(more))
    return replace(row, example=changed, masked=masked)
