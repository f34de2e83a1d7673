"""Workbooks of Excel (`.xlsx`, `.xls`, `.xlsb`) and OpenDocument (`.ods`), by calamine.

The first sheet that holds anything is read, or all that are named after splits. All cells of a merged range have its
value, and a remark says so. A formula counts as its stored value. calamine reads a cell with an error, or with a
formula that was never computed, as empty: a remark names such cells of an `.xlsx`. Cells right of the header break
their row: nothing that was written is dropped without a word.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from engine.errors import DataError
from engine.messages import counted, listed, say
from engine.worker.readers.archives import ERRORS, require_safe_size
from engine.worker.readers.delimited import column_names
from engine.worker.readers.sandboxed import implausible, max_rows
from engine.worker.readers.table import (
    FIELD,
    BrokenRow,
    Found,
    LinedRow,
    Notes,
    sheets_to_read,
    unreadable,
    with_split,
)

MAX_BYTES = 256 << 20
# How a protected workbook of Excel is stored, whatever its ending: named in UTF-16 in its directory.
ENCRYPTED = (b"EncryptedPackage", b"EncryptionInfo")
OLE_MARK = b"\xd0\xcf\x11\xe0"
SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
# A cell of `.xlsx` with an error, or with a formula and no value.
VALUELESS = re.compile(
    rb'<(?:\w+:)?c [^>]{0,60}?\br="([A-Z]{1,3}\d{1,7})"[^>]{0,60}?'
    rb'(?: t="e"|>\s*<(?:\w+:)?f(?:[^>]{0,200}/>|[^>]{0,200}>[^<]{0,2000}</(?:\w+:)?f>)\s*'
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>)"
)
SCAN_BYTES, LONGEST_CELL = 1 << 20, 3000
Span = tuple[tuple[int, int], tuple[int, int]]


def read(path: Path, notes: Notes) -> Iterator[Found]:
    """Yield the rows below the header. Raises DataError for a file that is no workbook, or protected."""
    if path.stat().st_size > MAX_BYTES:
        raise unreadable(path, say("it is over {:,} MB", MAX_BYTES >> 20), "Save it as .csv.")
    with path.open("rb") as stream:
        start = stream.read(1 << 20)
    names = (name.decode("ascii").encode("utf-16-le") for name in ENCRYPTED)
    if start.startswith(OLE_MARK) and any(name in start for name in names):
        raise _protected(path)
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                require_safe_size(path, archive.infolist())
                _tell_valueless(path, archive, notes)
        with CalamineWorkbook.from_path(str(path)) as book:
            # A sheet is parsed whenever it is asked for. Mostly the first one is read.
            filled, first = [], None
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name)
                if sheet.height:
                    filled.append(name)
                    first = first or sheet
            chosen = _chosen(path, filled, notes)
            for name in chosen:
                sheet = first if first and name == filled[0] else book.get_sheet_by_name(name)
                rows = _rows(path, sheet, notes)
                if len(chosen) > 1:
                    rows = with_split(rows, name, notes)
                yield from rows
    except PasswordError as error:
        raise _protected(path) from error
    except (CalamineError, *ERRORS) as error:
        raise unreadable(path, say("its contents are damaged ({})", error)) from error


def _protected(path: Path) -> DataError:
    return DataError(say("{} is protected by a password.", path.name), "Save it without the password.", FIELD)


def _tell_valueless(path: Path, archive: zipfile.ZipFile, notes: Notes) -> None:
    """Add a remark about cells whose errors and formulas calamine reads as empty."""
    cells: dict[str, None] = {}
    for member in filter(SHEET.fullmatch, archive.namelist()):
        with archive.open(member) as source:
            text = b""
            while piece := source.read(SCAN_BYTES):
                text = text[-LONGEST_CELL:] + piece
                cells |= dict.fromkeys(found.decode("ascii") for found in VALUELESS.findall(text))
    if cells:
        notes.remarks.append(
            say(
                "These cells of {} contain an error or no stored value and are read as empty: {}. Save "
                "it again in a spreadsheet.",
                path.name,
                listed(cells),
            )
        )


def _rows(path: Path, sheet: CalamineSheet, notes: Notes) -> Iterator[Found]:
    # Said before the first rows are shown: parsing a sheet again takes long.
    most = max_rows(path.stat().st_size)
    if sheet.height > most and sum(map(any, sheet.iter_rows())) > most:
        raise implausible(path)
    merged = sorted(sheet.merged_cell_ranges or [])
    if merged:
        spans = (f"{_cell_name(*first)}:{_cell_name(*last)}" for first, last in merged)
        notes.remarks.append(
            say(
                "{} has {} ({}); all their cells get the first value.",
                path.name,
                counted(len(merged), "merged range"),
                listed(spans),
            )
        )
    table = _SheetTable(path, sheet.name, notes)
    coming, here = iter([*merged, None]), list[tuple[Span, Any]]()
    following = next(coming)
    for index, cells in enumerate(sheet.iter_rows()):
        values = [_value(cell) for cell in cells]
        here = [(span, value) for span, value in here if index <= span[1][0]]
        while following and following[0][0] <= index:
            column = following[0][1]
            here.append((following, values[column] if column < len(values) else None))
            following = next(coming)
        for ((_, first), (_, last)), value in here:
            values[first : last + 1] = [value] * len(values[first : last + 1])
        yield from table.add(index + 1, values)
    yield from table.end()


def _value(cell: Any) -> Any:
    """Return a cell as a row holds it: whole numbers without a fraction, times as text, empty ones as None."""
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, (dt.date, dt.time, dt.timedelta)):
        return str(cell)
    return None if cell == "" else cell


def _cell_name(row: int, column: int) -> str:
    """Return a cell's name by its indices from 0, as spreadsheets spell it: B3."""
    letters, column = "", column + 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"


# So many rows are looked at; so long a name of a column may be.
LOOKED_AT = 30
MAX_NAME_CHARACTERS = 60
MAX_NAME_WORDS = 8
# A header has names for at least this share of the columns that most rows fill.
MIN_NAMED = 0.6
Cells = Sequence[Any]


def find_header(rows: Sequence[Cells]) -> tuple[int, bool]:
    """Return the index of the first row that is no title or note, and whether it is a header; rows are the first ones.

    A row with long or several lines of text, or with a number, is none.
    """
    filled = [sum(not _is_empty(cell) for cell in row) for row in rows]
    typical = median([count for count in filled if count] or [1])
    wide = (index for index, count in enumerate(filled) if count >= max(min(typical, 2), MIN_NAMED * typical))
    first = next(wide, next((index for index, count in enumerate(filled) if count), 0))
    return first, not rows or all(_is_name(cell) for cell in rows[first] if not _is_empty(cell))


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _is_name(cell: Any) -> bool:
    """Tell whether a cell may be the name of a column."""
    if not isinstance(cell, str):
        return False
    text = cell.strip()
    return (
        len(text) <= MAX_NAME_CHARACTERS
        and "\n" not in text
        and len(text.split()) <= MAX_NAME_WORDS
        and ": " not in text
    )


MAX_QUOTED = 40


def _chosen(path: Path, filled: Sequence[str], notes: Notes) -> list[str]:
    """Return the names of the sheets to read, of those that hold anything; add a remark about the others.

    The sheet that the user named is taken, else all that are named after splits if there are several, else the first.
    Raises DataError for a sheet that is not there.
    """
    absent = say('{} has no sheet "{}" with data.', path.name, notes.sheet)
    known = say("The sheets are: {}.", ", ".join(filled))
    read = sheets_to_read(path, filled, notes, absent, known) or list(filled[:1])
    others = [name for name in filled if name not in read]
    if others and not notes.sheet:
        named = " and ".join(read)
        notes.remarks.append(say("{}: the sheet {} is read, {} is not.", path.name, named, ", ".join(others)))
    return read


class _SheetTable:
    """The table in a sheet: rows are added as they stand, and come back by column once the header is known."""

    def __init__(self, path: Path, title: str, notes: Notes) -> None:
        self._path, self._title, self._notes = path, title, notes
        self._waiting: list[tuple[int, list[Any]]] = []
        self._columns: list[str] = []
        self._is_known = False

    def add(self, number: int, values: list[Any]) -> Iterator[Found]:
        """Take a row of the sheet; yield what can be given so far."""
        if self._is_known:
            yield from self._row(number, values)
            return
        self._waiting.append((number, values))
        if len(self._waiting) == LOOKED_AT:
            yield from self.end()

    def end(self) -> Iterator[Found]:
        """Yield what waits for the header."""
        if self._is_known:
            return
        first, is_header = find_header([values for _, values in self._waiting])
        self._is_known = True
        if self._waiting:
            self._name_columns(first, self._waiting[first][1], is_header=is_header)
        for number, values in self._waiting[first + is_header :]:
            yield from self._row(number, values)

    def _name_columns(self, first: int, head: Sequence[Any], *, is_header: bool) -> None:
        """Take the names of the columns; add remarks on what stands above them and on a header that is not there."""
        above = [
            " ".join(str(cell) for cell in values if cell is not None) for _, values in self._waiting[:first]
        ]
        told = "; ".join(f'"{text.strip()[:MAX_QUOTED]}"' for text in above if text.strip())
        if told:
            self._notes.remarks.append(
                say("Text above the table of {} is skipped: {}.", self._path.name, told)
            )
        if is_header:
            self._columns = column_names(["" if cell is None else str(cell) for cell in head])
        else:
            width = max(len(values) for _, values in self._waiting)
            self._columns = [f"column {number}" for number in range(1, width + 1)]
            self._notes.remarks.append(say("{} has no header; columns are numbered.", self._path.name))
        self._notes.columns.update(dict.fromkeys(self._columns))

    def _row(self, number: int, values: list[Any]) -> Iterator[Found]:
        width = len(self._columns)
        # A merged cell may reach beyond the table; it says nothing new there.
        beyond = [value for value in values[width:] if value not in {None, "", values[width - 1]}]
        if beyond:
            text = str(beyond[0])[:MAX_QUOTED]
            yield BrokenRow(
                say("row {:,}", number),
                say('it continues after the column "{}": "{}"', self._columns[-1], text),
            )
            return
        values = [*values[:width], *[None] * (width - len(values))]
        if any(value not in {None, ""} for value in values):
            yield LinedRow(dict(zip(self._columns, values, strict=True)), number)
