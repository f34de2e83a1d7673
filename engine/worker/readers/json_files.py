"""JSON files: a list of objects, an object of columns, an object with a list for each split, or objects in a row.

Rows may be texts too, or lists: of turns, or of cells, which get names. A line may be an object as Python writes it.
A list is parsed piecewise, so the first rows of a large file come at once. A broken line is reported and skipped; a
list that breaks off is an error, since nothing after the break can be trusted.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from engine.data import column_names, split_named
from engine.data.cells import MAX_PYTHON_CHARACTERS, python_literal
from engine.data.text_kind import KNOWN_NAMES, MAX_HEAD_CHARACTERS, PYTHON
from engine.errors import DataError
from engine.messages import say
from engine.worker.readers import delimited
from engine.worker.readers.table import (
    SHEET_FIELD,
    TOO_LARGE,
    BrokenRow,
    Found,
    LinedRow,
    Notes,
    unreadable,
    with_split,
)
from engine.worker.readers.text_decoding import MAX_LINE_CHARACTERS, chunks, lines

SPACE = re.compile(r"[ \t\r\n]*")
DECODER = json.JSONDecoder()
# Telegram's names for the lists of an account's chats.
CHATS = {"chats", "left_chats"}
# The column for the name under which an object stood, and for a row that is a list of turns, or a text.
ID, TURNS, TEXT = "id", "turns", "text"
# Lists of objects that say what the rows are like, as servers of data sets write them.
DESCRIBING = {"features", "fields", "schema", "columns"}
# Two objects side by side may be columns; from three on, with the same names in each, they are rows.
MIN_ROWS = 3
# Whether lists are turns or cells is told from so many; of a list that may be meant, so much is shown.
SAMPLE_ROWS, MAX_SHOWN = 20, 60
CELLS_SHARE = 0.8
# Where a row stands.
LINE, ROW = "line {:,}", "row {:,}"
KINDS = {list: "a list", str: "text", bool: "true or false", type(None): "null", dict: "an object"}


def read(path: Path, notes: Notes) -> Iterator[Found]:
    """Yield the rows of a JSON file of any of these shapes; notes no columns. Raises DataError for a damaged file."""
    beginning = next(chunks(path, Notes()), "").lstrip()
    if _holds_several(beginning):
        rows = _sequence(_Scanner(path, notes))
    elif _is_json_lines(path, beginning):
        rows = (
            _parsed(line, number)
            for number, line in enumerate(lines(path, notes), start=1)
            if not line.isspace()
        )
    else:
        rows = _document(_Scanner(path, notes))
    first = list(islice(rows, SAMPLE_ROWS))
    kind = Counter(type(each.value) if isinstance(each, _Bare) else dict for each in first).most_common(1)
    lists = [each.value for each in first if isinstance(each, _Bare) and isinstance(each.value, list)]
    rows = chain(first, rows)
    if not kind or kind[0][0] is dict:
        yield from _of_type(rows, dict)
    elif kind[0][0] is str:
        yield from _of_type(rows, str, TEXT)
    elif _are_cells(lists):
        yield from _of_cells(lists, rows, path, notes)
    else:
        yield from _of_type(rows, list, TURNS)


@dataclass(frozen=True)
class _Bare:
    """A row that is no object, but a list or a text: where it stands, and its line."""

    position: str
    value: list[Any] | str
    line: int


def _of_type(rows: Iterable[Found | _Bare], wanted: type, column: str = "") -> Iterator[Found]:
    """Yield the rows of one type, lists and texts in a column; others are broken."""
    for row in rows:
        if not isinstance(row, _Bare):
            yield row
        elif isinstance(row.value, wanted):
            yield LinedRow({column: row.value}, row.line)
        else:
            yield BrokenRow(row.position, say("it is {} instead of an object", KINDS[type(row.value)]))


def _are_cells(lists: Sequence[list[Any]]) -> bool:
    """Tell whether lists are rows of cells, not of turns: nearly all are as long, or hold texts of several lines."""
    ((length, times),) = Counter(map(len, lists)).most_common(1)
    items = [item for each in lists for item in each]
    if length == 1 or all(isinstance(item, dict) for item in items):
        return False
    return times >= CELLS_SHARE * len(lists) or any(isinstance(item, str) and "\n" in item for item in items)


def _of_cells(
    lists: Sequence[list[Any]], rows: Iterable[Found | _Bare], path: Path, notes: Notes
) -> Iterator[Found]:
    """Yield rows of cells by their columns: those that the first row names, else by number."""
    first = lists[0]
    is_head = all(isinstance(cell, str) and len(cell) <= MAX_HEAD_CHARACTERS for cell in first) and any(
        column_names.plain(cell) in KNOWN_NAMES for cell in first
    )
    count = Counter(map(len, lists)).most_common(1)[0][0]
    columns = delimited.column_names(first if is_head else [""] * count)
    if not is_head:
        notes.remarks.append(say("{} has no header; columns are numbered.", path.name))
    for row in rows:
        if not isinstance(row, _Bare):
            yield row
        elif not isinstance(row.value, list) or len(row.value) != len(columns):
            cells = len(row.value) if isinstance(row.value, list) else 1
            yield BrokenRow(row.position, say("it has {} cells for {} columns", cells, len(columns)))
        elif not is_head or row.value != first:
            yield LinedRow(dict(zip(columns, row.value, strict=True)), row.line)


def _holds_several(beginning: str) -> bool:
    """Return whether objects follow each other, the first one over several lines or the next in the same line."""
    if not beginning.startswith("{"):
        return False
    try:
        _, end = DECODER.raw_decode(beginning)
    except (ValueError, RecursionError):
        return False
    following = _after_space(beginning, end)
    if beginning[following : following + 1] == ",":
        following = _after_space(beginning, following + 1)
    is_next = beginning[following : following + 1] == "{"
    return is_next and ("\n" in beginning[:end] or "\n" not in beginning[end:following])


def _is_json_lines(path: Path, beginning: str) -> bool:
    """Return whether a file holds an object or a list per line: many `.json` files do, and a `.jsonl` file may not."""
    is_list = beginning.startswith("[")
    if not is_list and (PYTHON.match(beginning) or path.suffix.lower() in (".jsonl", ".ndjson")):
        return True
    first, _, rest = beginning.partition("\n")
    try:
        following = rest.lstrip()[:1]
        return isinstance(json.loads(first), (dict, list)) and (
            following == "[" if is_list else bool(following)
        )
    except (ValueError, RecursionError):
        return False


def _parsed(line: str, number: int) -> Found | _Bare:
    try:
        # A line end would count as a character of an unterminated text.
        value = json.loads(line.rstrip("\r\n"))
    except json.JSONDecodeError as error:
        of_python = _of_python(line)
        if of_python is not None:
            return LinedRow(of_python, number)
        reason = say("it is not JSON: {} at character {:,}", _message(error), error.colno)
        return BrokenRow(say(LINE, number), reason)
    except (ValueError, RecursionError) as error:
        return BrokenRow(say(LINE, number), say("it is not JSON: {}", str(error).lower()))
    found = _row(value, LINE, number, line=number)
    return LinedRow(found, number) if isinstance(found, dict) else found


def _of_python(line: str) -> dict[str, Any] | None:
    """Return the object of a line as Python writes it, None for any other line; nothing is executed."""
    if not PYTHON.match(line) or len(line) > MAX_PYTHON_CHARACTERS:
        return None
    try:
        value = _as_json(python_literal(line))
    except (RecursionError, TypeError):
        return None
    return value if isinstance(value, dict) else None


def _as_json(value: Any) -> Any:
    """Return a value as JSON would give it. Raises TypeError for what JSON does not have."""
    if isinstance(value, dict):
        return {str(key): _as_json(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(inner) for inner in value]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise TypeError


# What Python's json finds wrong, in small letters.
MESSAGES = (
    "unterminated string starting", "invalid control character", "expecting value", "extra data", "invalid escape",
    "expecting property name enclosed in double quotes", "expecting ':' delimiter", "expecting ',' delimiter",
    "illegal trailing comma before end of object", "illegal trailing comma before end of array",
)  # fmt: skip


def _message(error: json.JSONDecodeError) -> str:
    """Return json's message without the position that some messages end with."""
    found = error.msg.lower().replace("\\", "")
    return next((message for message in MESSAGES if found.startswith(message)), found)


def _row(value: Any, place: str, number: int, line: int = 0) -> Found | _Bare:
    """Return a row; `place` with its `number` says where it stands, in messages alone, which take time."""
    if isinstance(value, dict):
        return value
    if value and isinstance(value, (list, str)):
        return _Bare(say(place, number), value, line)
    kind = KINDS.get(type(value), "a number")
    return BrokenRow(say(place, number), say("it is {} instead of an object", kind))


def _document(scanner: _Scanner) -> Iterator[Found | _Bare]:
    first = scanner.peek()
    if first == "[":
        yield from _list(scanner)
    elif first == "{":
        yield from _object(scanner)
    elif first:
        raise unreadable(scanner.path, say("{} contains neither a list nor an object", scanner.position))
    if scanner.peek():
        raise unreadable(scanner.path, say("{} continues after the end", scanner.position))


def _sequence(scanner: _Scanner) -> Iterator[Found | _Bare]:
    """Yield the rows of objects that follow each other, with or without commas."""
    number = 0
    while scanner.peek():
        number += 1
        yield _row(scanner.value(ROW, number), ROW, number)
        if scanner.peek() == ",":
            scanner.take(",")


def _list(scanner: _Scanner) -> Iterator[Found | _Bare]:
    scanner.take("[")
    number = 0
    while scanner.peek() != "]":
        if number:
            scanner.take(",")
            # What writes lists line by line may leave a comma behind the last.
            if scanner.peek() == "]":
                break
        number += 1
        yield _row(scanner.value(ROW, number), ROW, number)
    scanner.take("]")


def _object(scanner: _Scanner, *, is_inner: bool = False) -> Iterator[Found]:
    """Yield the rows of the list of objects inside, or else the rows of which the object's values are columns.

    Several lists are read if all have the names of splits, or hold the chats of an account. Of others one has to be
    named as the sheet: else DataError is raised with the field `data.sheet`.
    """
    values: dict[str, Any] = {}
    first_rows: dict[str, Found] = {}
    wanted = "" if is_inner else scanner.notes.sheet
    if not is_inner:
        scanner.notes.siblings = values
    scanner.take("{")
    while scanner.peek() != "}":
        if values or first_rows:
            scanner.take(",")
        name = str(scanner.value("a name"))
        scanner.take(":")
        if name not in DESCRIBING and scanner.at_list_of_objects():
            rows = _of_type(_list(scanner), dict)
            first_rows[name] = next(rows)
            rows = chain((first_rows[name],), rows)
            if wanted or not _belong_together(first_rows):
                # The lists behind the one that is wanted are named too.
                yield from (row for row in rows if name == wanted)
            else:
                is_split = split_named(name) is not None
                yield from with_split(rows, name, Notes()) if is_split else rows
        elif name in CHATS and scanner.peek() == "{":
            first_rows[name] = {}
            yield from _object(scanner, is_inner=True)
        else:
            values[name] = scanner.value('"{}"', name)
    scanner.take("}")
    if first_rows and (wanted not in first_rows if wanted else not _belong_together(first_rows)):
        raise _unclear(
            say("{} contains several lists: {}.", scanner.path.name, ", ".join(first_rows)), first_rows
        )
    splits = [name for name in first_rows if split_named(name)]
    if splits and not wanted:
        named = ", ".join(f'"{name}"' for name in splits)
        scanner.notes.remarks.append(say("{} is read as splits: {}.", scanner.path.name, named))
    if not first_rows and values and not is_inner:
        yield from _columns(scanner.path, values, wanted)


def _belong_together(lists: Collection[str]) -> bool:
    """Tell whether lists are read one after the other: there is one alone, all are splits, or an account's chats."""
    return len(lists) == 1 or all(map(split_named, lists)) or set(lists) <= CHATS


def _unclear(message: str, first_rows: Mapping[str, Any]) -> DataError:
    """Return the question which of several lists holds the rows."""
    shown = "; ".join(
        f"{name}: {json.dumps(row, ensure_ascii=False, default=str)[:MAX_SHOWN]}"
        for name, row in first_rows.items()
    )
    return DataError(message, say("Choose one. {}", shown), SHEET_FIELD, tuple(first_rows))


def _columns(path: Path, values: dict[str, Any], wanted: str) -> Iterator[Found]:
    """Yield the rows of an object of columns; an object with other values is a row itself.

    Of lists of different lengths one has to be `wanted`: else DataError is raised with the field `data.sheet`.
    """
    columns = {
        name: value if isinstance(value, dict) else dict(enumerate(value))
        for name, value in values.items()
        if isinstance(value, (list, dict))
    }
    if len(columns) < len(values):
        yield values
        return
    if _are_rows(values):
        yield from ({ID: name} | value for name, value in values.items())
        return
    if len({*map(len, columns.values())}) > 1:
        if wanted not in columns:
            lists = ", ".join(f"{name} ({len(each):,})" for name, each in columns.items())
            firsts = {name: next(iter(each.values())) for name, each in columns.items() if each}
            message = say("{} is an object with lists of different lengths: {}.", path.name, lists)
            raise _unclear(message, firsts)
        yield from ({wanted: value} for value in columns[wanted].values())
        return
    keys = [*next(iter(columns.values()))]
    for name, each in columns.items():
        if [*each] != keys:
            raise unreadable(path, say('column "{}" has other rows than the first', name))
    for key in keys:
        yield {name: each[key] for name, each in columns.items()}


def _are_rows(values: dict[str, Any]) -> bool:
    """Tell whether objects are rows under their ids: most have the same names, which are not numbers of rows."""
    if len(values) < MIN_ROWS or not all(isinstance(value, dict) for value in values.values()):
        return False
    names = Counter(frozenset(value) for value in values.values())
    common, times = names.most_common(1)[0]
    return (
        times * 2 > len(values) and not all(name.isdecimal() for name in common) and len(common) < len(values)
    )


def _after_space(text: str, start: int) -> int:
    space = SPACE.match(text, start)
    return space.end() if space else start


class _Scanner:
    """A position in a JSON text that is read in chunks."""

    def __init__(self, path: Path, notes: Notes) -> None:
        self.path = path
        self.notes = notes
        self._chunks = chunks(path, notes)
        self._text = ""
        self._at = 0
        self._lines_before = 0

    @property
    def position(self) -> str:
        """The line, as text."""
        return say(LINE, self._lines_before + self._text.count(chr(10), 0, self._at) + 1)

    def peek(self) -> str:
        """Skip white space and return the next character, "" at the end."""
        while True:
            self._at = _after_space(self._text, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, character: str) -> None:
        """Skip one character, which must be this one."""
        next_character = self.peek()
        if next_character != character:
            what = (
                say('has "{}" where "{}" is expected', next_character, character)
                if next_character
                else "breaks off"
            )
            raise unreadable(self.path, say("{} {}", self.position, what))
        self._at += 1

    def at_list_of_objects(self) -> bool:
        """Return whether a list whose first value is an object begins here."""
        if self.peek() != "[":
            return False
        while (following := _after_space(self._text, self._at + 1)) == len(self._text) and self._more():
            pass
        return self._text[following : following + 1] == "{"

    def value(self, what: str, *values: object) -> Any:
        """Return the value that begins here; `what`, a template with its values, names it in an error."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._more():
                    continue
                is_cut = error.pos >= len(self._text.rstrip()) or error.msg.startswith("Unterminated string")
                line = self._lines_before + error.lineno
                reason = (
                    "the file ends inside it" if is_cut else say("{} in line {:,}", _message(error), line)
                )
                named = say(what, *values)
                raise unreadable(
                    self.path, say("{}, which begins in {}, is damaged: {}", named, self.position, reason)
                ) from error
            # A number at the end of a chunk may go on in the next one.
            if end == len(self._text) and self._more():
                continue
            self._at = end
            return value

    def _more(self) -> bool:
        """Drop the consumed text and read at least as much as is left; return False at the end of the file."""
        left = self._text[self._at :]
        if len(left) > MAX_LINE_CHARACTERS:
            raise unreadable(
                self.path,
                say("{} starts a value of more than {:,} characters", self.position, MAX_LINE_CHARACTERS),
                TOO_LARGE,
            )
        added, length = [], 0
        for chunk in self._chunks:
            added.append(chunk)
            length += len(chunk)
            if length and length >= len(left):
                break
        # Without new text nothing is dropped: an error's offsets stay valid.
        if length:
            self._lines_before += self._text.count("\n", 0, self._at)
            self._text, self._at = "".join(chain((left,), added)), 0
        return length > 0
