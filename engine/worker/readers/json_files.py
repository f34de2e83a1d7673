"""JSON files: a list of objects, an object of columns, an object with a list for each split, or objects in a row.

A line may be an object as Python writes it. A list is parsed piecewise, so the first rows of a large file come at once.
A broken line is reported and skipped; a list that breaks off is an error, since nothing after the break can be trusted.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from engine.data import split_named
from engine.data.cells import MAX_PYTHON_CHARACTERS, python_literal
from engine.data.text_kind import PYTHON
from engine.worker.readers.table import TOO_LARGE, BrokenRow, Found, LinedRow, Notes, unreadable, with_split
from engine.worker.readers.text_decoding import MAX_LINE_CHARACTERS, chunks, lines

SPACE = re.compile(r"[ \t\r\n]*")
DECODER = json.JSONDecoder()
# Telegram's names for the lists of an account's chats.
CHATS = {"chats", "left_chats"}
# The column for the name under which an object stood.
ID = "id"
# Lists of objects that say what the rows are like, as servers of data sets write them.
DESCRIBING = {"features", "fields", "schema", "columns"}
# Two objects side by side may be columns; from three on, with the same names in each, they are rows.
MIN_ROWS = 3
KINDS = {list: "a list", str: "text", bool: "true or false", type(None): "null", dict: "an object"}


def read(path: Path, notes: Notes) -> Iterator[Found]:
    """Yield the rows of a JSON file of any of these shapes; notes no columns. Raises DataError for a damaged file."""
    beginning = next(chunks(path, Notes()), "").lstrip()
    if _holds_several(beginning):
        yield from _sequence(_Scanner(path, notes))
    elif _is_json_lines(path, beginning):
        for number, line in enumerate(lines(path, notes), start=1):
            if not line.isspace():
                found = _parsed(line, f"line {number:,}")
                yield found if isinstance(found, BrokenRow) else LinedRow(found, number)
    else:
        yield from _document(_Scanner(path, notes))


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
    """Return whether a file holds an object per line: many `.json` files do, and a `.jsonl` file may not."""
    if beginning.startswith("["):
        return False
    if PYTHON.match(beginning) or path.suffix.lower() in (".jsonl", ".ndjson"):
        return True
    first, _, rest = beginning.partition("\n")
    try:
        return isinstance(json.loads(first), dict) and bool(rest.strip())
    except ValueError:
        return False


def _parsed(line: str, position: str) -> Found:
    try:
        # A line end would count as a character of an unterminated text.
        value = json.loads(line.rstrip("\r\n"))
    except json.JSONDecodeError as error:
        of_python = _of_python(line)
        if of_python is not None:
            return of_python
        return BrokenRow(position, f"it is no JSON: {_message(error)} at character {error.colno:,}")
    except (ValueError, RecursionError) as error:
        return BrokenRow(position, f"it can't be taken for JSON: {str(error).lower()}")
    return _row(value, position)


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


def _row(value: Any, position: str) -> Found:
    if isinstance(value, dict):
        return value
    hint = 'Name the parts of each row: {"conversation": …, "summary": …}.' if isinstance(value, list) else ""
    kind = KINDS.get(type(value), "a number")
    return BrokenRow(position, f"it is {kind}, no object with names", hint)


def _document(scanner: _Scanner) -> Iterator[Found]:
    first = scanner.peek()
    if first == "[":
        yield from _list(scanner)
    elif first == "{":
        yield from _object(scanner)
    elif first:
        raise unreadable(scanner.path, f"{scanner.position} holds neither a list nor an object")
    if scanner.peek():
        raise unreadable(scanner.path, f"{scanner.position} goes on behind the end")


def _sequence(scanner: _Scanner) -> Iterator[Found]:
    """Yield the rows of objects that follow each other, with or without commas."""
    number = 0
    while scanner.peek():
        number += 1
        position = f"row {number:,}"
        yield _row(scanner.value(position), position)
        if scanner.peek() == ",":
            scanner.take(",")


def _list(scanner: _Scanner) -> Iterator[Found]:
    scanner.take("[")
    number = 0
    while scanner.peek() != "]":
        if number:
            scanner.take(",")
            # What writes lists line by line may leave a comma behind the last.
            if scanner.peek() == "]":
                break
        number += 1
        position = f"row {number:,}"
        yield _row(scanner.value(position), position)
    scanner.take("]")


def _object(scanner: _Scanner, *, is_inner: bool = False) -> Iterator[Found]:
    """Yield the rows of the list of objects inside, or else the rows of which the object's values are columns.

    Several lists are read if all have the names of splits, or hold the chats of an account.
    """
    values: dict[str, Any] = {}
    lists: list[str] = []
    if not is_inner:
        scanner.notes.siblings = values
    scanner.take("{")
    while scanner.peek() != "}":
        if values or lists:
            scanner.take(",")
        name = str(scanner.value("a name"))
        scanner.take(":")
        if name not in DESCRIBING and scanner.at_list_of_objects():
            lists.append(name)
            _require_lists_together(scanner.path, lists)
            rows = _list(scanner)
            is_split = split_named(name) is not None
            yield from with_split(rows, name, Notes(), is_list=True) if is_split else rows
        elif name in CHATS and scanner.peek() == "{":
            lists.append(name)
            _require_lists_together(scanner.path, lists)
            yield from _object(scanner, is_inner=True)
        else:
            values[name] = scanner.value(f'"{name}"')
    scanner.take("}")
    splits = [name for name in lists if split_named(name)]
    if splits:
        named = ", ".join(f'"{name}"' for name in splits)
        scanner.notes.remarks.append(f"{scanner.path.name} holds lists that are read as splits: {named}.")
    if not lists and values and not is_inner:
        yield from _columns(scanner.path, values)


def _require_lists_together(path: Path, lists: Sequence[str]) -> None:
    """Raise DataError for a second list that is neither a split nor an account's chats."""
    if len(lists) > 1 and not (all(map(split_named, lists)) or set(lists) <= CHATS):
        raise unreadable(
            path, f'it holds several lists, "{lists[-2]}" and "{lists[-1]}", not one', "Leave one list in it."
        )


def _columns(path: Path, values: dict[str, Any]) -> Iterator[Found]:
    """Yield the rows of an object of columns; an object with other values is a row itself."""
    columns = {name: value for name, value in values.items() if isinstance(value, (list, dict))}
    if len(columns) < len(values):
        yield values
        return
    if _are_rows(values):
        yield from ({ID: name} | value for name, value in values.items())
        return
    keys = [list(value) if isinstance(value, dict) else list(range(len(value))) for value in columns.values()]
    if len({*map(len, keys)}) > 1:
        lengths = ", ".join(f'"{name}": {len(each):,}' for name, each in zip(columns, keys, strict=True))
        raise unreadable(
            path,
            f"it is one object with lists of different lengths ({lengths})",
            "Give its lists the same length, or write an object for each row.",
        )
    for name, column_keys in zip(columns, keys, strict=True):
        if column_keys != keys[0]:
            raise unreadable(path, f'the column "{name}" has other rows than the first one')
    for key in keys[0]:
        yield {name: value[key] for name, value in columns.items()}


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
        return f"line {self._lines_before + self._text.count(chr(10), 0, self._at) + 1:,}"

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
            what = f'has "{next_character}" where "{character}" is due' if next_character else "breaks off"
            raise unreadable(self.path, f"{self.position} {what}")
        self._at += 1

    def at_list_of_objects(self) -> bool:
        """Return whether a list whose first value is an object begins here."""
        if self.peek() != "[":
            return False
        while (following := _after_space(self._text, self._at + 1)) == len(self._text) and self._more():
            pass
        return self._text[following : following + 1] == "{"

    def value(self, what: str) -> Any:
        """Return the value that begins here; `what` names it in an error."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._more():
                    continue
                is_cut = error.pos >= len(self._text.rstrip()) or error.msg.startswith("Unterminated string")
                line = self._lines_before + error.lineno
                reason = "the file breaks off in it" if is_cut else f"{_message(error)} in line {line:,}"
                raise unreadable(
                    self.path, f"{what}, which begins in {self.position}, is damaged: {reason}"
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
                f"{self.position} begins a value of more than {MAX_LINE_CHARACTERS:,} characters",
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
