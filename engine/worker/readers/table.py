"""A table of one or more files: its rows, its broken rows, and remarks about it.

Knows no kind of file: a reader yields rows, and the table numbers them, limits their size and explains errors. Imports
neither torch nor datasets.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from engine import chats
from engine.chats import ImportStats
from engine.data import Place, split_named
from engine.errors import DataError
from engine.messages import Message, counted, joined, listed, say
from engine.system import foreign_files

FIELD = "data.source"
# Of a sheet, a table of a database, or a list of an object.
SHEET_FIELD = "data.sheet"
# The column for the split whose sheet, table or list held a row.
SPLIT = "split"
# The field of errors that the user can consent to.
CONSENT_FIELD = "data.broken_rows"
# No recipe can use a longer text: it allows 1,000,000 tokens, and a token has about four characters.
MAX_CHARACTERS = 4_000_000
MAX_BROKEN = 10_000
# All names fit into one event, several times. Those of hundreds of columns do; those of JSON keyed by data do not.
MAX_NAMES_BYTES = 16_000
MAX_NAMED = 5
# The hint for a sound file that is more than can be read.
TOO_LARGE = "Split the file, or shorten its rows."
# Surrogates: undecodable bytes are read as these, and JSON may spell them.
NO_CHARACTER = re.compile("[\ud800-\udfff]")
# An undecodable byte is read as this and its number; a few are named, and so much of the text before them is quoted.
FIRST_BYTE = 0xDC00
UNDECODED = re.compile("[\udc80-\udcff]{1,8}")
MAX_BEFORE = 20
MAX_DEPTH = 100
# A file's columns are compared with the table's by these.
HEAD_ROWS = 200
# Of files with so few rows, and of so many bytes in all, the rows are kept.
KEPT_BYTES = 4 << 20


class Record(NamedTuple):
    """A row of a table: its number, from 1, and its values by column.

    `file` is the name of its file if the table has several, `line` its line or row there, 0 if that is not known.
    """

    number: int
    values: Mapping[str, Any]
    file: str = ""
    line: int = 0

    @property
    def place(self) -> Place:
        """The file and the line, as far as they say more than the number."""
        return Place(self.file, self.line)

    @property
    def where(self) -> str:
        """The row as a person finds it, for messages."""
        return self.place.text if self.file else say("Row {:,}", self.number)


class LinedRow(dict[str, Any]):
    """The values of a row, with the line where it begins, which stays with it however many rows are read ahead."""

    def __init__(self, values: Mapping[str, Any], line: int) -> None:
        super().__init__(values)
        self.line = line


@dataclass(frozen=True)
class BrokenRow:
    """A row that can't be read: its position in the file as text, the reason, and what to do if not to repair it."""

    position: str
    reason: str
    hint: str = ""


@dataclass
class Notes:
    """What a reader reports beside its rows, while it reads a file.

    `columns` are those found so far, in order; `remarks` are sentences for the user; `done_bytes` is the reader's
    progress. `siblings` are the other values of the JSON object that holds the rows, `reason` says how rows were made
    from another form of data, `chats` counts the import of each chat. `encoding` and `sheet`
    are given to the reader: the encoding of text files and the sheet of workbooks, if the user named one.
    """

    columns: dict[str, None] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    done_bytes: int = 0
    siblings: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    chats: list[ImportStats] = field(default_factory=list)
    encoding: str = ""
    sheet: str = ""

    def copied(self) -> dict[str, Any]:
        """Return the values by their names; what still grows is copied."""
        grows = {"columns": dict(self.columns), "remarks": list(self.remarks), "chats": list(self.chats)}
        return vars(self) | grows


Values = Mapping[str, Any]
Found = Values | BrokenRow
Reader = Callable[[Path, Notes], Iterator[Found]]


@dataclass(frozen=True)
class Alignment:
    """How a file's columns become those of the table: new names by old, or the file is left out; a remark on it.

    The texts of `references`, by new names, become one list in the first of them.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    is_left_out: bool = False
    remark: str = ""

    def values(self, row: Values) -> Values:
        """Return a row's values by the table's columns."""
        named = {self.names.get(name, name): value for name, value in row.items()}
        if self.references:
            named[self.references[0]] = [named[name] for name in self.references if named.get(name)]
        return named


def sheets_to_read(path: Path, names: Sequence[str], notes: Notes, absent: str, known: str) -> list[str]:
    """Return the sheet that the user named, else those of several splits, else []; raises DataError if `absent`."""
    if notes.sheet:
        if notes.sheet not in names:
            raise DataError(absent, known, SHEET_FIELD, names)
        return [notes.sheet]
    splits = [name for name in names if split_named(name)]
    if len({split_named(name) for name in splits}) < 2:
        return []
    notes.remarks.append(say("{} is read as splits: {}.", path.name, ", ".join(splits)))
    return splits


def with_split(rows: Iterable[Found], split: str, notes: Notes) -> Iterator[Found]:
    """Yield the rows of a split's sheet or table, or list in JSON, with a column for it."""
    for row in rows:
        if isinstance(row, BrokenRow):
            yield BrokenRow(say('{} of "{}"', row.position, split), row.reason)
        else:
            notes.columns.setdefault(SPLIT)
            yield LinedRow({**row, SPLIT: split}, getattr(row, "line", 0))


# Takes a file, its columns and first rows. May raise DataError for a file that fits no table.
Align = Callable[[Path, Sequence[str], Sequence[Values]], Alignment]


@dataclass(frozen=True)
class _Kept:
    """What a file gave, and which file it was."""

    identity: tuple[int, int, int]
    rows: Sequence[Record | BrokenRow]
    notes: Notes


@dataclass(frozen=True)
class _Head:
    """A table's first rows, and what an iteration had said up to there."""

    align: Align | None
    rows: tuple[Record, ...]
    broken: Sequence[BrokenRow]
    notes: Sequence[Notes]
    is_left_out: bool


class Table:
    """The rows of one or more files of a kind, read anew by every iteration unless a file is small and the same.

    `broken`, `remarks`, `columns` and `done_bytes` grow during an iteration and start over with the next one. An
    iteration raises DataError with the field `data.source` for a file that can't be read as a whole, and where every
    row is broken.
    """

    def __init__(
        self,
        files: Sequence[Path],
        read: Reader,
        *,
        may_have_more_columns: bool,
        encoding: str = "",
        sheet: str = "",
    ) -> None:
        """`may_have_more_columns`: later rows may have columns that no earlier one has.

        `encoding` is that of text files, `sheet` that of workbooks, "" to tell it from each.
        """
        self._encoding, self._sheet = encoding, sheet
        self._files = tuple(files)
        self._read = read
        self.may_have_more_columns = may_have_more_columns
        # None: every file has the table's columns, and no row is read ahead to see.
        self.align: Align | None = None
        self.broken: list[BrokenRow] = []
        self._notes: list[Notes] = []
        self._is_left_out = False
        self._kept: dict[Path, _Kept] = {}
        self._head: _Head | None = None

    @property
    def name(self) -> str:
        """The table's name in messages."""
        return listed((path.name for path in self._files), 1)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns found so far, in their order."""
        return tuple(dict.fromkeys(name for notes in self._notes for name in notes.columns))

    @property
    def file_count(self) -> int:
        """How many files the table has."""
        return len(self._files)

    @property
    def own_columns(self) -> tuple[str, ...]:
        """The columns of the first file so far, or of all where later rows may have more."""
        first = next((tuple(notes.columns) for notes in self._notes if notes.columns), ())
        return self.columns if self.may_have_more_columns else first

    @property
    def remarks(self) -> tuple[str, ...]:
        """The remarks about the files so far."""
        remarks = (remark for notes in self._notes for remark in notes.remarks)
        return (*remarks, *chats.remarks([stats for notes in self._notes for stats in notes.chats]))

    @property
    def reasons(self) -> tuple[str, ...]:
        """How rows were made from another form of data, so far."""
        return tuple(dict.fromkeys(notes.reason for notes in self._notes if notes.reason))

    @property
    def done_bytes(self) -> int:
        """The number of bytes read, of `size_bytes`."""
        return sum(notes.done_bytes for notes in self._notes)

    @property
    def size_bytes(self) -> int:
        """The size of all files; a missing one counts 0, and reading it raises."""
        return sum(map(size_of, self._files))

    def head(self, count: int) -> tuple[Record, ...]:
        """Return the first rows, at most HEAD_ROWS, and read no further; they are read once for each `align`."""
        head = self._head
        if head is None or head.align is not self.align:
            rows = tuple(islice(self, HEAD_ROWS))
            head = self._head = _Head(self.align, rows, self.broken, self._notes, self._is_left_out)
        self.broken, self._is_left_out = list(head.broken), head.is_left_out
        self._notes = [replace(notes, **notes.copied()) for notes in head.notes]
        return head.rows[:count]

    def __iter__(self) -> Iterator[Record]:
        """Yield the rows that can be read; numbers count the broken ones too."""
        self.broken, self._notes, self._is_left_out = [], [], False
        number = 0
        for path in self._files:
            notes = Notes(encoding=self._encoding, sheet=self._sheet)
            self._notes.append(notes)
            with explained(path):
                for row in self._aligned(path, notes):
                    number += 1
                    broken = row if isinstance(row, BrokenRow) else _unusable(row.values, number)
                    if broken:
                        self._add_broken(path, broken)
                    elif not isinstance(row, BrokenRow):
                        yield Record(number, row.values, row.file, row.line)
                notes.done_bytes = size_of(path)
        if not number and self._is_left_out:
            return
        if not number and any(notes.chats for notes in self._notes):
            left_out = joined(" ", chats.remarks([stats for notes in self._notes for stats in notes.chats]))
            raise DataError(say("{} contains no messages.", self.name), left_out, FIELD)
        if not number:
            raise DataError(say("{} has no rows.", self.name), "Choose a file with rows.", FIELD)
        if number == len(self.broken):
            raise DataError(
                say("{} can't be read: {}.", self.name, self.broken_text),
                self.broken[0].hint or "Repair the rows, or check the file's extension.",
                FIELD,
            )

    def _aligned(self, path: Path, notes: Notes) -> Iterator[Record | BrokenRow]:
        """Yield a file's rows with the columns that the table has; numbers are given later."""
        rows = self._found(path, notes)
        if self.align is None:
            yield from rows
            return
        head = list(islice(rows, HEAD_ROWS))
        values = [row.values for row in head if isinstance(row, Record)]
        aligned = self.align(path, tuple(notes.columns), values) if values else Alignment()
        notes.remarks += filter(None, [aligned.remark])
        if aligned.is_left_out:
            self._is_left_out = True
            notes.columns.clear()
            return
        notes.columns = dict.fromkeys(aligned.names.get(name, name) for name in notes.columns)
        is_changed = aligned.names or aligned.references
        for row in chain(head, rows):
            if is_changed and isinstance(row, Record):
                yield row._replace(values=aligned.values(row.values))
            else:
                yield row

    def _found(self, path: Path, notes: Notes) -> Iterator[Record | BrokenRow]:
        """Yield what a file's reader finds, with the file's name if the table has several, and the line."""
        kept = self._kept.get(path)
        if kept and kept.identity == _identity(path):
            vars(notes).update(kept.notes.copied())
            yield from kept.rows
            return
        name = path.name if len(self._files) > 1 else ""
        column_count = 0
        rows: list[Record | BrokenRow] | None = [] if self._can_keep(path) else None
        for row in _unchanged(path, self._read(path, notes)):
            if len(notes.columns) > column_count:
                column_count = len(notes.columns)
                _require_few_columns(path, notes)
            found = row if isinstance(row, BrokenRow) else Record(0, row, name, getattr(row, "line", 0))
            if rows is not None:
                rows.append(found)
                rows = rows if len(rows) <= HEAD_ROWS else None
            yield found
        if rows is not None:
            self._kept[path] = _Kept(_identity(path), rows, replace(notes, **notes.copied()))

    def _can_keep(self, path: Path) -> bool:
        """Return whether a file's rows may be kept, so that a document, parsed as a whole, is parsed once.

        What aligns columns changes the notes while they are written.
        """
        kept_bytes = sum(kept.identity[1] for kept in self._kept.values())
        return self.align is None and path.is_file() and kept_bytes + size_of(path) <= KEPT_BYTES

    def _add_broken(self, path: Path, broken: BrokenRow) -> None:
        if len(self.broken) == MAX_BROKEN:
            first = say("{}: {}", self.broken[0].position, self.broken[0].reason)
            raise DataError(
                say("{} has more than {:,} broken rows, the first at {}.", path.name, MAX_BROKEN, first),
                "Check the file's extension.",
                FIELD,
            )
        position = broken.position if len(self._files) == 1 else say("{}, {}", path.name, broken.position)
        self.broken.append(BrokenRow(position, broken.reason, broken.hint))

    def refuse_broken(self) -> None:
        """Raise DataError with the field `data.broken_rows` if the last iteration met broken rows; it names them."""
        if self.broken:
            raise DataError(
                say("{} can't be read: {}.", self.name, self.broken_text),
                "Fix them, or read the other rows.",
                CONSENT_FIELD,
            )

    @property
    def broken_text(self) -> str:
        """How many rows are broken, and the first ones with their reasons."""
        count = counted(len(self.broken), "broken row")
        named = joined("; ", (say("{}: {}", each.position, each.reason) for each in self.broken[:MAX_NAMED]))
        return say("{} ({}; …)" if len(self.broken) > MAX_NAMED else "{} ({})", count, named)


def require_written(path: Path) -> None:
    """Raise DataError for a large file that is mostly empty: reading nothing would take long."""
    if path.is_file() and foreign_files.is_mostly_empty(path):
        raise unreadable(path, "it was not written completely", "Copy it again.")


def _identity(path: Path) -> tuple[int, int, int]:
    """Return what changes when a file does: its number, size and time."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def size_of(path: Path) -> int:
    """Return the number of bytes to read; for a folder, those of its files."""
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.exists())


def _require_few_columns(path: Path, notes: Notes) -> None:
    size = sum(len(json.dumps(name, ensure_ascii=False).encode("utf-8", "replace")) for name in notes.columns)
    if size > MAX_NAMES_BYTES:
        raise unreadable(
            path,
            say("its column names have {:,} bytes; the limit is {:,}", size, MAX_NAMES_BYTES),
            "Remove the columns that aren't needed.",
        )


def _unusable(values: Mapping[str, Any], number: int) -> BrokenRow | None:
    """Return why a row can't be used although its file's rules allow it, None if it can."""
    for column, value in values.items():
        if isinstance(value, (str, list, dict)):
            try:
                length = _characters(value)
            except ValueError as error:
                return BrokenRow(say("row {:,}", number), say('column "{}" contains {}', column, error))
            if length > MAX_CHARACTERS:
                reason = say(
                    'column "{}" has {:,} characters; the limit is {:,}', column, length, MAX_CHARACTERS
                )
                return BrokenRow(say("row {:,}", number), reason)
    return None


def _characters(value: Any, depth: int = 0) -> int:
    """Return the characters of all texts in a value. Raises ValueError for damaged text and for endless nesting."""
    if isinstance(value, str):
        if not value.isascii() and (wrong := NO_CHARACTER.search(value)):
            raise ValueError(_no_character(value, wrong.start()))
        return len(value)
    if not isinstance(value, (list, dict)):
        return 0
    if depth > MAX_DEPTH:
        raise ValueError("values that are nested too deeply")
    inner = [*value, *value.values()] if isinstance(value, dict) else value
    return sum(_characters(each, depth + 1) for each in inner)


def _no_character(text: str, at: int) -> str:
    """Return what stands in a text where no character does: bytes by their numbers, or half a character."""
    before = " ".join(NO_CHARACTER.sub("", text[max(0, at - MAX_BEFORE) : at]).split())
    where = say('after "{}"', before) if before else "at its beginning"
    wrong = UNDECODED.match(text, at)
    if wrong is None:
        return say("an invalid character: half of one, {}", where)
    numbers = " ".join(f"{ord(byte) - FIRST_BYTE:02X}" for byte in wrong[0])
    return say("an invalid character: {}, {}", numbers, where)


def _unchanged(path: Path, rows: Iterator[Any]) -> Iterator[Any]:
    """Yield what a reader finds; raise DataError if the file changed meanwhile."""
    before = _identity(path)
    require_written(path)
    yield from rows
    if _identity(path) != before:
        raise DataError(
            say("{} changed while being read.", path.name), "Read it again once it is complete.", FIELD
        )


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Translate what readers and their libraries raise into a DataError that names the file."""
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(say("{} was deleted while being read.", path.name), "Put it back.", FIELD) from error
    except OSError as error:
        if error.errno is None:
            raise unreadable(path, str(error)) from error
        # Windows says more than the error's number: that a file is in a cloud, or open elsewhere.
        reason = error.strerror or os.strerror(error.errno)
        raise unreadable(path, reason, "Check the path and its permissions.") from error
    except RecursionError as error:
        raise unreadable(path, "its values are nested too deeply") from error
    except MemoryError as error:
        raise unreadable(path, "it doesn't fit into memory", TOO_LARGE) from error
    except UnicodeDecodeError as error:
        encoding = error.encoding.upper()
        raise unreadable(path, say("it starts like {} but is damaged", encoding)) from error
    except (ValueError, EOFError, KeyError, zlib.error) as error:
        raise unreadable(path, str(error)) from error


def unreadable(path: Path, reason: str, hint: str = "Repair the file, or export it again.") -> DataError:
    """Return the error of a file that can't be read as a whole; the hint is that of a broken one."""
    if not isinstance(reason, Message):
        reason = (reason.strip().splitlines() or ["its contents are damaged"])[0][:300].rstrip(".")
    return DataError(say("{} can't be read: {}.", path.name, reason), hint, FIELD)
