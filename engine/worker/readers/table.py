"""A table as it stands in its files: rows one after another, what is broken in it, and what is to be told of it.

Knows no kind of file: a reader yields what it finds, and this numbers it, bounds it and puts trouble into words.
Imports neither torch nor datasets.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from engine import chats
from engine.chats import ImportStats
from engine.errors import DataError

FIELD = "data.source"
# Of what can be read all the same once the user says so.
CONSENT_FIELD = "data.broken_rows"
# No recipe can use a longer one: it allows 1,000,000 tokens, and a token has four characters or so.
MAX_CHARACTERS = 4_000_000
MAX_BROKEN = 10_000
# All names have room in one event, more than once. Tables of hundreds of columns have it; JSON keyed by data has not.
MAX_NAMES_BYTES = 16_000
MAX_NAMED = 5
# Bytes that no encoding explains are read as such, and JSON may spell them.
NO_CHARACTER = re.compile("[\ud800-\udfff]")
MAX_DEPTH = 100


@dataclass(frozen=True)
class Record:
    """A row as it stands in its table: its number, from 1, and its values by column."""

    number: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Broken:
    """A row that can't be read: where it stands, and why."""

    place: str
    why: str


@dataclass
class Notes:
    """What a reader tells beside its rows, while it goes through a file.

    `columns` are those found so far, in order; `remarks` are sentences for the user; `done_bytes` is how far the
    reader is. `beside` is what stands beside the rows in an object of JSON, `reason` why rows that stand in the file in
    another way are made as they are, `chats` what became of the chats they are made of.
    """

    columns: dict[str, None] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    done_bytes: int = 0
    beside: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    chats: list[ImportStats] = field(default_factory=list)


Reader = Callable[[Path, Notes], Iterator[Mapping[str, Any] | Broken]]


class Table:
    """The rows of one or more files of a kind, read anew each time they are asked for.

    `broken`, `remarks`, `columns` and `done_bytes` grow while rows are read and start over with the next reading.
    Whatever is wrong with a file as a whole is a DataError with the field `data.source`, raised by the reading; so are
    rows that are all broken.
    """

    def __init__(self, files: Sequence[Path], read: Reader, *, may_have_more_columns: bool) -> None:
        """`may_have_more_columns` says that rows to come may have columns that none before them has."""
        self._files = tuple(files)
        self._read = read
        self.may_have_more_columns = may_have_more_columns
        self.broken: list[Broken] = []
        self._notes: list[Notes] = []

    @property
    def name(self) -> str:
        """What to call the table in a message."""
        first, *more = self._files
        return f"{first.name} and {len(more):,} more" if more else first.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns found so far, in their order."""
        return tuple(dict.fromkeys(name for notes in self._notes for name in notes.columns))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be told of the files, found so far."""
        told = (remark for notes in self._notes for remark in notes.remarks)
        return (*told, *chats.remarks([stats for notes in self._notes for stats in notes.chats]))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why rows are made as they are that stand in the files in another way, found so far."""
        return tuple(dict.fromkeys(notes.reason for notes in self._notes if notes.reason))

    @property
    def done_bytes(self) -> int:
        """How much has been read, of `size_bytes`."""
        return sum(notes.done_bytes for notes in self._notes)

    @property
    def size_bytes(self) -> int:
        """The size of all files together; a file that is gone counts nothing, its reading says so."""
        return sum(map(_size, self._files))

    def head(self, most: int) -> tuple[Record, ...]:
        """Return the first rows, reading no further than that."""
        return tuple(islice(self, most))

    def __iter__(self) -> Iterator[Record]:
        """Yield the rows that can be read, numbered as they stand, the broken ones counted along."""
        self.broken, self._notes = [], []
        number = 0
        for path in self._files:
            notes = Notes()
            self._notes.append(notes)
            with _in_words(path):
                known = 0
                for found in _unchanged(path, self._read(path, notes)):
                    number += 1
                    if len(notes.columns) > known:
                        known = len(notes.columns)
                        _require_few_columns(path, notes)
                    wrong = found if isinstance(found, Broken) else _unusable(found, number)
                    if wrong:
                        self._keep_broken(path, wrong)
                    elif not isinstance(found, Broken):
                        yield Record(number, found)
                notes.done_bytes = _size(path)
        if not number and any(notes.chats for notes in self._notes):
            left_out = " ".join(chats.remarks([stats for notes in self._notes for stats in notes.chats]))
            raise DataError(f"No one says anything in {self.name}.", left_out, FIELD)
        if not number:
            raise DataError(f"There are no rows in {self.name}.", "Choose a file with rows.", FIELD)
        if number == len(self.broken):
            raise DataError(
                f"{self.name} can't be read: {self.broken_words}.",
                "Repair the rows, or look whether the name's ending says what the file is.",
                FIELD,
            )

    def _keep_broken(self, path: Path, broken: Broken) -> None:
        if len(self.broken) == MAX_BROKEN:
            raise DataError(
                f"{path.name} has more than {MAX_BROKEN:,} rows that can't be read, the first at "
                f"{self.broken[0].place}: {self.broken[0].why}.",
                "Look whether the name's ending says what the file is.",
                FIELD,
            )
        place = broken.place if len(self._files) == 1 else f"{path.name}, {broken.place}"
        self.broken.append(Broken(place, broken.why))

    def require_whole(self) -> None:
        """Raise DataError with the field `data.broken_rows` if the last reading met broken rows; it names them."""
        if self.broken:
            raise DataError(
                f"{self.name} can't be read: {self.broken_words}.",
                'Repair them, or leave them out: data.broken_rows = "leave_out" in the recipe, or --set '
                "data.broken_rows=leave_out.",
                CONSENT_FIELD,
            )

    @property
    def broken_words(self) -> str:
        """How many rows are broken, where the first ones are and by what."""
        count = len(self.broken)
        places = "; ".join(f"{each.place}: {each.why}" for each in self.broken[:MAX_NAMED])
        more = "; …" if count > MAX_NAMED else ""
        return f"{count:,} {'row is' if count == 1 else 'rows are'} broken ({places}{more})"


def _size(path: Path) -> int:
    """Return how many bytes there are to read; of a folder that is a part of a table, those of its files."""
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.exists())


def _require_few_columns(path: Path, notes: Notes) -> None:
    size = sum(len(json.dumps(name, ensure_ascii=False).encode("utf-8", "replace")) for name in notes.columns)
    if size > MAX_NAMES_BYTES:
        raise unreadable(
            path,
            f"the names of its {len(notes.columns):,} columns have {size:,} bytes, at most {MAX_NAMES_BYTES:,}",
        )


def _unusable(values: Mapping[str, Any], number: int) -> Broken | None:
    """Return what makes a row unusable that its file's rules allow."""
    for column, value in values.items():
        if isinstance(value, (str, list, dict)):
            try:
                length = _characters(value)
            except ValueError as error:
                return Broken(f"row {number:,}", f'the column "{column}" holds {error}')
            if length > MAX_CHARACTERS:
                why = (
                    f'the column "{column}" holds {length:,} characters, at most {MAX_CHARACTERS:,} are read'
                )
                return Broken(f"row {number:,}", why)
    return None


def _characters(value: Any, depth: int = 0) -> int:
    """Return how long the texts of a value are together. Raises ValueError for what is no text or no end."""
    if isinstance(value, str):
        if not value.isascii() and NO_CHARACTER.search(value):
            raise ValueError("what is no character: wrong bytes, or half of one")
        return len(value)
    if not isinstance(value, (list, dict)):
        return 0
    if depth > MAX_DEPTH:
        raise ValueError("values that are nested too deeply")
    inner = [*value, *value.values()] if isinstance(value, dict) else value
    return sum(_characters(each, depth + 1) for each in inner)


def _unchanged(path: Path, found: Iterator[Any]) -> Iterator[Any]:
    """Yield what a reader finds; raise DataError if its file is another or none once it is through."""
    before = path.stat()
    yield from found
    after = path.stat()
    if (before.st_ino, before.st_size, before.st_mtime_ns) != (
        after.st_ino,
        after.st_size,
        after.st_mtime_ns,
    ):
        raise DataError(
            f"{path.name} changed while it was read.", "Read it again once it is written whole.", FIELD
        )


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Turn what readers and their libraries raise into a DataError that names the file."""
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(f"{path.name} vanished while it was read.", "Put it back.", FIELD) from error
    except OSError as error:
        raise unreadable(path, os.strerror(error.errno) if error.errno else str(error)) from error
    except RecursionError as error:
        raise unreadable(path, "its values are nested too deeply") from error
    except MemoryError as error:
        raise unreadable(path, "this computer's memory does not hold it") from error
    except UnicodeDecodeError as error:
        raise unreadable(path, f"what begins as {error.encoding.upper()} is damaged or breaks off") from error
    except (ValueError, EOFError, KeyError, zlib.error) as error:
        raise unreadable(path, str(error)) from error


def unreadable(path: Path, why: str) -> DataError:
    """Return the error of a file that can't be read as a whole."""
    lines = why.strip().splitlines() or ["its content makes no sense"]
    said = lines[0][:300].rstrip(".")
    return DataError(f"{path.name} can't be read: {said}.", "Repair the file, or export it again.", FIELD)
