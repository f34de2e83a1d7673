"""Rows of a source: in memory, and beyond a share of what is free in a file, which goes with its process."""

from __future__ import annotations

import hashlib
import marshal
import mmap
import tempfile
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Generic, TypeVar, overload

import numpy as np
import numpy.typing as npt
import psutil

from engine.data import Place, Row
from engine.errors import disk_errors
from engine.system.paths import cache_folder
from engine.text import pii
from engine.text.conversations import Example

T = TypeVar("T")
Indices = npt.NDArray[np.int64]
# Rows may take this share of the free memory, and no more than this: a container has less than it shows. Beside its
# texts a row takes about so many bytes.
MEMORY_SHARE, MAX_BYTES, ROW_BYTES = 8, 1 << 27, 800
# What was read of the file, and so much around it, counts as this process's memory until it is given back.
BYTES_AROUND, MAX_MAPPED_BYTES = 1 << 16, 1 << 25
DIGEST_BYTES = 16
COMPLETE, LACKS_SUMMARY, LACKS_CONVERSATION = range(3)
_MISSING = {None: COMPLETE, "summary": LACKS_SUMMARY, "conversation": LACKS_CONVERSATION}


class _Store:
    """Rows: the first ones in memory, those that it has no room for in a file without a name, mapped."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._held: list[Row] = []
        # Where each row in the file ends.
        self._ends = array("q", [0])
        self._read_to = self._mapped_bytes = 0
        digests, missing, numbers = bytearray(), bytearray(), array("q")

        def noted() -> Iterator[Row]:
            for row in rows:
                digests.extend(digest(row.example.conversation.strip()))
                missing.append(_MISSING[row.missing])
                numbers.append(row.number)
                yield row

        room = min(psutil.virtual_memory().available // MEMORY_SHARE, MAX_BYTES)
        coming = noted()
        for row in coming:
            example = row.example
            room -= ROW_BYTES + sum(
                map(len, (example.conversation, example.summary, *example.more_references))
            )
            if room < 0:
                self._write(chain([row], coming))
                break
            self._held.append(row)
        self.digests = np.frombuffer(digests, f"S{DIGEST_BYTES}")
        self.missing, self.numbers = np.frombuffer(missing, np.uint8), np.asarray(numbers)

    def _write(self, rows: Iterable[Row]) -> None:
        message = "The rows don't fit into memory, and {} can't be written: {}."
        hint = "Free some disk space, or limit the rows."
        # The file is closed with the mapping, which keeps it open until then.
        with (
            disk_errors(message, cache_folder(), hint=hint),
            tempfile.TemporaryFile(dir=cache_folder()) as file,
        ):
            for example, *others in rows:
                size = file.write(marshal.dumps((*vars(example).values(), *map(tuple, others))))
                self._ends.append(self._ends[-1] + size)
            file.flush()
            self._mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __getitem__(self, number: int) -> Row:
        if number < len(self._held):
            return self._held[number]
        at = number - len(self._held)
        start, end = self._ends[at], self._ends[at + 1]
        data = self._mapped[start:end]
        self._mapped_bytes += min(abs(end - self._read_to), len(data) + BYTES_AROUND)
        self._read_to = end
        if self._mapped_bytes > MAX_MAPPED_BYTES and hasattr(mmap, "MADV_DONTNEED"):
            self._mapped.madvise(mmap.MADV_DONTNEED)
            self._mapped_bytes = 0
        *of_example, numbers, place, masked = marshal.loads(data)  # noqa: S302 - its own file
        return Row(Example(*of_example), numbers, Place(*place), masked)


def digest(text: str) -> bytes:
    """Return what is as good as the text to compare it: the texts themselves may need more memory than there is."""
    return hashlib.blake2b(utf8(text), digest_size=DIGEST_BYTES).digest()


def utf8(text: str) -> bytes:
    """Return a text in UTF-8; half a character is kept, too."""
    return text.encode("utf-8", "surrogatepass")


class LazySequence(Sequence[T], Generic[T]):
    """Rows, or what is made of them; each item is made anew whenever it is accessed. Slices are lazy too."""

    def __init__(self, store: _Store, numbers: Indices, make: Callable[[Row], T]) -> None:
        self._store, self._numbers, self._make = store, numbers, make

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> LazySequence[T]: ...

    def __getitem__(self, index: int | slice) -> T | LazySequence[T]:
        if isinstance(index, slice):
            return LazySequence(self._store, self._numbers[index], self._make)
        return self._make(self._store[self._numbers[index]])

    def __iter__(self) -> Iterator[T]:
        return (self._make(self._store[number]) for number in self._numbers.data)

    @property
    def digests(self) -> npt.NDArray[np.bytes_]:
        """The digest of each conversation without the spaces around it."""
        return self._store.digests[self._numbers]

    @property
    def missing(self) -> npt.NDArray[np.uint8]:
        """What each item lacks: COMPLETE, LACKS_SUMMARY or LACKS_CONVERSATION."""
        return self._store.missing[self._numbers]

    @property
    def numbers(self) -> Indices:
        """The number of each item's first row."""
        return self._store.numbers[self._numbers]

    def select(self, indices: Iterable[int]) -> LazySequence[T]:
        """Return the items at these indices, in that order."""
        return LazySequence(self._store, self._numbers[np.fromiter(indices, np.int64)], self._make)


def stored(rows: Iterable[Row] = (), kinds: Collection[str] = ()) -> LazySequence[Row]:
    """Return the rows as a sequence, with these kinds of personal data (ids) masked in all texts."""
    store = _Store((_masked(row, kinds) for row in rows) if kinds else rows)
    return LazySequence(store, np.arange(len(store.missing)), lambda row: row)


def examples_of(rows: LazySequence[Row]) -> LazySequence[Example]:
    """Return the examples of rows."""
    return LazySequence(rows._store, rows._numbers, lambda row: row.example)


def _masked(row: Row, kinds: Collection[str]) -> Row:
    example = row.example
    texts = (example.conversation, example.summary, *example.more_references)
    (conversation, summary, *more), matches = zip(*(pii.mask(text, kinds) for text in texts), strict=True)
    masked = tuple(match.kind for row_matches in matches for match in row_matches)
    if not masked:
        return row
    changed = replace(example, conversation=conversation, summary=summary, more_references=tuple(more))
    return row._replace(example=changed, masked=masked)
