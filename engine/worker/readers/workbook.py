"""Workbooks of Excel (`.xlsx`, `.xls`, `.xlsb`) and OpenDocument (`.ods`), by calamine.

The first sheet that holds anything is read. All cells of a merged range have its value, and a remark says so. A formula
counts as its stored value. calamine reads a cell with an error, or with a formula that was never computed, as empty: a
remark names such cells of an `.xlsx`.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from engine.errors import DataError
from engine.worker.readers import sheets
from engine.worker.readers.archives import ERRORS, require_safe_size
from engine.worker.readers.sheets import Found
from engine.worker.readers.table import FIELD, MAX_NAMED, Notes, unreadable

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
        raise unreadable(path, f"it has more than {MAX_BYTES >> 20:,} MB", "Save it as .csv.")
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
            filled = [name for name in book.sheet_names if book.get_sheet_by_name(name).height]
            chosen = sheets.chosen(path, filled, notes)
            for name in chosen:
                rows = _rows(path, book.get_sheet_by_name(name), notes)
                yield from sheets.named(rows, name, notes, are_splits=len(chosen) > 1)
    except PasswordError as error:
        raise _protected(path) from error
    except (CalamineError, *ERRORS) as error:
        raise unreadable(path, f"as a workbook it makes no sense ({error})") from error


def _protected(path: Path) -> DataError:
    return DataError(
        f"{path.name} is protected by a password.",
        "Save it without the password, and choose it again.",
        FIELD,
    )


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
        named = ", ".join(list(cells)[:MAX_NAMED]) + (", …" if len(cells) > MAX_NAMED else "")
        notes.remarks.append(
            f"In {path.name} these cells hold an error, or a formula without a stored value, and are read as empty: "
            f"{named}. Open it in a spreadsheet, and save it again."
        )


def _rows(path: Path, sheet: CalamineSheet, notes: Notes) -> Iterator[Found]:
    merged = sorted(sheet.merged_cell_ranges or [])
    if merged:
        spans = [f"{_name(*first)}:{_name(*last)}" for first, last in merged[:MAX_NAMED]]
        more = ", …" if len(merged) > MAX_NAMED else ""
        kind = "merged range" if len(merged) == 1 else "merged ranges"
        notes.remarks.append(
            f"{path.name} has {len(merged):,} {kind} ({', '.join(spans)}{more}): each cell counts as its first."
        )
    table = sheets.SheetTable(path, sheet.name, notes)
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


def _name(row: int, column: int) -> str:
    """Return a cell's name by its indices from 0, as spreadsheets spell it: B3."""
    letters, column = "", column + 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"
