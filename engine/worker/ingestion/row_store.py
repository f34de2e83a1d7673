"""One row of a source, as every part of reading and checking hands it on, and rows that are not held in memory."""

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
# Numbers of its rows, kinds that are masked, and the texts of an example: id, conversation, summary, and more of them.
Record = list[Any]


@dataclass(frozen=True)
class Row:
    """One row of a source: its number in its table, from 1, and the example it makes, whole or not.

    `masked` are the kinds of personal data that were masked in it, one entry for each place.
    """

    number: int
    example: Example
    masked: tuple[str, ...] = ()

    @property
    def missing(self) -> str | None:
        """What the row lacks: "conversation", "summary", or None for a whole one."""
        if not self.example.conversation.strip():
            return "conversation"
        return None if self.example.summary.strip() else "summary"


class _Records:
    """Records one after another in a spool."""

    def __init__(self) -> None:
        self._spool = SpillFile()
        self._ends = array("q", [0])

    def add(self, record: Record) -> None:
        self._spool.append(json.dumps(record).encode("ascii"))
        self._ends.append(self._spool.size)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> Record:
        start, end = self._ends[number : number + 2]
        record: Record = json.loads(self._spool.read(start, end - start))
        return record


class Kept(Sequence[T], Generic[T]):
    """Some of what was read, in an order, made anew from its texts whenever it is asked for.

    Slices are as lean as the whole. Equal to every sequence of the same.
    """

    def __init__(self, records: _Records, numbers: array[int], make: Callable[[Record], T]) -> None:
        self._records = records
        self._numbers = numbers
        self._make = make

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> Kept[T]: ...

    def __getitem__(self, place: int | slice) -> T | Kept[T]:
        if isinstance(place, slice):
            return Kept(self._records, self._numbers[place], self._make)
        return self._make(self._records[self._numbers[place]])

    def __iter__(self) -> Iterator[T]:
        return (self._make(self._records[number]) for number in self._numbers)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(
            mine == theirs for mine, theirs in zip(self, other, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def at(self, places: Iterable[int]) -> Kept[T]:
        """Return those that stand at some places, in that order."""
        return Kept(self._records, array("q", (self._numbers[place] for place in places)), self._make)

    def taken_for(self, make: Callable[[Record], U]) -> Kept[U]:
        """Return the same records as something else."""
        return Kept(self._records, self._numbers, make)


def _kept(records: Iterable[Record], make: Callable[[Record], T]) -> Kept[T]:
    kept = _Records()
    for record in records:
        kept.add(record)
    return Kept(kept, array("q", range(len(kept))), make)


def kept(found: Iterable[SourcedExample]) -> Kept[SourcedExample]:
    """Return what was found in rows, kept out of memory."""
    return _kept((_record(each.rows, (), each.example) for each in found), _shaped)


def nothing() -> Kept[Row]:
    """Return no rows."""
    return _kept((), _row)


def rows_of(found: Kept[SourcedExample], kinds: Collection[str]) -> Kept[Row]:
    """Return rows with `kinds` of personal data (ids) masked in all their texts."""
    rows = found.taken_for(_row)
    if not kinds:
        return rows
    changed = (_masked(row, kinds) for row in rows)
    return _kept((_record((row.number,), row.masked, row.example) for row in changed), _row)


def examples_of(rows: Kept[Row]) -> Kept[Example]:
    """Return the examples that rows make."""
    return rows.taken_for(_example)


def _record(numbers: Sequence[int], masked: Sequence[str], example: Example) -> Record:
    return [numbers, masked, example.id, example.conversation, example.summary, *example.more_references]


def _example(record: Record) -> Example:
    _, _, name, conversation, summary, *more = record
    return Example(name, conversation, summary, tuple(more))


def _shaped(record: Record) -> SourcedExample:
    return SourcedExample(_example(record), tuple(record[0]))


def _row(record: Record) -> Row:
    return Row(record[0][0], _example(record), tuple(record[1]))


def _masked(row: Row, kinds: Collection[str]) -> Row:
    example = row.example
    texts = (example.conversation, example.summary, *example.more_references)
    (conversation, summary, *more), found = zip(*(pii.mask(text, kinds) for text in texts), strict=True)
    places = tuple(match.kind for matches in found for match in matches)
    if not places:
        return row
    changed = replace(example, conversation=conversation, summary=summary, more_references=tuple(more))
    return replace(row, example=changed, masked=places)
