"""Rows of a source: in memory, and beyond a share of what is free in a file, which goes with its process."""

from __future__ import annotations

import hashlib
import json
import mmap
import tempfile
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, pairwise, repeat
from typing import Generic, NamedTuple, TypeVar, overload

import numpy as np
import numpy.typing as npt
import psutil

from engine.data import NOWHERE, Place, SourcedExample
from engine.errors import disk_errors
from engine.system.paths import cache_folder
from engine.text import pii
from engine.text.conversations import Example

T = TypeVar("T")
U = TypeVar("U")
# Rows may take this share of the free memory, and no more than this: a container has less than it shows. Beside its
# texts a row takes about so many bytes.
MEMORY_SHARE, MAX_BYTES, ROW_BYTES = 8, 1 << 27, 800
# What was read of the file, and so much around it, counts as this process's memory until it is given back.
BYTES_AROUND, MAX_MAPPED_BYTES = 1 << 16, 1 << 25
DIGEST_BYTES = 16
COMPLETE, LACKS_SUMMARY, LACKS_CONVERSATION = range(3)


class Row(NamedTuple):
    """One row of a source: its number in its table, from 1, and its example, complete or not.

    `masked` are the kinds of personal data that were masked in it, one entry per occurrence; `place` is its file and
    line, as far as they say more than its number.
    """

    number: int
    example: Example
    masked: tuple[str, ...] = ()
    place: Place = NOWHERE

    @property
    def missing(self) -> str | None:
        """What the row lacks: "conversation", "summary", or None if it is complete."""
        return (None, "summary", "conversation")[_missing(self.example)]


class _Record(NamedTuple):
    """An example, the numbers of its rows, the kinds that were masked in it, and its place."""

    numbers: tuple[int, ...]
    masked: tuple[str, ...]
    place: Place
    example: Example

    @property
    def size(self) -> int:
        texts = (self.example.conversation, self.example.summary, *self.example.more_references)
        return ROW_BYTES + sum(map(len, texts))


class _Records(Sequence[_Record]):
    """Records: the first ones in memory, those that it has no room for in a file without a name, mapped."""

    def __init__(self, records: Iterable[_Record]) -> None:
        self._held: list[_Record] = []
        # Where the parts of each record in the file end: facts, conversation and summary.
        self._ends = array("q", [0])
        self._read_to = self._mapped_bytes = 0
        self._digests, self._missing = bytearray(), bytearray()
        room = min(psutil.virtual_memory().available // MEMORY_SHARE, MAX_BYTES)
        coming = self._noted(records)
        for record in coming:
            if room < record.size:
                self._file(chain([record], coming))
                break
            self._held.append(record)
            room -= record.size

    def _noted(self, records: Iterable[_Record]) -> Iterator[_Record]:
        for record in records:
            self._digests += digest(record.example.conversation.strip())
            self._missing.append(_missing(record.example))
            yield record

    def _file(self, records: Iterator[_Record]) -> None:
        message = "The rows don't fit into memory, and {} can't be written: {}."
        hint = "Free some disk space, or limit the rows."
        # The file is closed with the mapping, which keeps it open until then.
        with (
            disk_errors(message, cache_folder(), hint=hint),
            tempfile.TemporaryFile(dir=cache_folder()) as file,
        ):
            for numbers, masked, place, example in records:
                facts = json.dumps([numbers, masked, place, example.id, example.more_references])
                for text in (facts, example.conversation, example.summary):
                    self._ends.append(self._ends[-1] + file.write(_utf8(text)))
            file.flush()
            self._mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __len__(self) -> int:
        return len(self._held) + len(self._ends) // 3

    def __getitem__(self, number: int) -> _Record:  # type: ignore[override]
        if number < len(self._held):
            return self._held[number]
        facts, conversation, summary = self._parts(number, 0, 3)
        numbers, masked, place, name, more = json.loads(facts)
        example = Example(name, _text(conversation), _text(summary), tuple(more))
        return _Record(tuple(numbers), tuple(masked), Place(*place), example)

    def conversation(self, number: int) -> bytes:
        """Return a record's conversation in UTF-8, without the spaces around it."""
        is_held = number < len(self._held)
        text = self._held[number].example.conversation if is_held else _text(*self._parts(number, 1, 2))
        return _utf8(text.strip())

    def _parts(self, number: int, first: int, end: int) -> list[bytes]:
        """Return some of the parts of a record in the file."""
        at = 3 * (number - len(self._held))
        ends = self._ends[at + first : at + end + 1]
        data = self._mapped[ends[0] : ends[-1]]
        self._mapped_bytes += min(abs(ends[-1] - self._read_to), len(data) + BYTES_AROUND)
        self._read_to = ends[-1]
        if self._mapped_bytes > MAX_MAPPED_BYTES and hasattr(mmap, "MADV_DONTNEED"):
            self._mapped.madvise(mmap.MADV_DONTNEED)
            self._mapped_bytes = 0
        return [data[start - ends[0] : stop - ends[0]] for start, stop in pairwise(ends)]

    def digests(self) -> npt.NDArray[np.bytes_]:
        """Return the digest of each conversation without the spaces around it."""
        return np.frombuffer(self._digests, f"S{DIGEST_BYTES}")

    def missing(self) -> npt.NDArray[np.uint8]:
        """Return what each record lacks."""
        return np.frombuffer(self._missing, np.uint8)


def digest(text: str) -> bytes:
    """Return what is as good as the text to compare it: the texts themselves may need more memory than there is."""
    return hashlib.blake2b(_utf8(text), digest_size=DIGEST_BYTES).digest()


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(utf8: bytes) -> str:
    return utf8.decode("utf-8", "surrogatepass")


def _missing(example: Example) -> int:
    if _is_blank(example.conversation):
        return LACKS_CONVERSATION
    return LACKS_SUMMARY if _is_blank(example.summary) else COMPLETE


def _is_blank(text: str) -> bool:
    return not text or text.isspace()


class LazySequence(Sequence[T], Generic[T]):
    """A sequence of records; each item is made anew whenever it is accessed.

    Slices are lazy too. Equal to every sequence with the same items.
    """

    def __init__(self, records: _Records, numbers: array[int], make: Callable[[_Record], T]) -> None:
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

    @property
    def digests(self) -> npt.NDArray[np.bytes_]:
        """The digest of each conversation without the spaces around it."""
        return self._records.digests()[np.asarray(self._numbers)]

    @property
    def missing(self) -> npt.NDArray[np.uint8]:
        """What each item lacks: COMPLETE, LACKS_SUMMARY or LACKS_CONVERSATION."""
        return self._records.missing()[np.asarray(self._numbers)]

    def conversation(self, index: int) -> bytes:
        """Return a conversation in UTF-8, without the spaces around it; takes less time than the item."""
        return self._records.conversation(self._numbers[index])

    def select(self, indices: Iterable[int]) -> LazySequence[T]:
        """Return the items at these indices, in that order."""
        chosen = np.asarray(self._numbers)[np.fromiter(indices, np.int64)]
        return LazySequence(self._records, array("q", chosen.tobytes()), self._make)

    def mapped(self, make: Callable[[_Record], U]) -> LazySequence[U]:
        """Return the sequence with items made by another function."""
        return LazySequence(self._records, self._numbers, make)


def _stored(records: Iterable[_Record], make: Callable[[_Record], T]) -> LazySequence[T]:
    stored_records = _Records(records)
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
    masked = map(_masked, rows, repeat(kinds))
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
    return row._replace(example=changed, masked=masked)
