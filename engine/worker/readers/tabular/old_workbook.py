"""Workbooks of Excel 97 (`.xls`), of Excel in binary form (`.xlsb`) and of OpenDocument (`.ods`), by calamine.

It has a whole sheet in memory, and gives neither errors nor formulas: cells with an error are empty. So `.xlsx` has a
reader of its own (`workbook`).
"""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from engine.errors import DataError
from engine.worker.readers.archives import ERRORS, require_safe_size
from engine.worker.readers.table import FIELD, BrokenRow, Notes, unreadable
from engine.worker.readers.tabular import sheets
from engine.worker.readers.tabular.sheets import Found

MAX_BYTES = 256 << 20
# How a protected workbook of Excel is stored, whatever its ending: named in UTF-16 in its directory.
ENCRYPTED = (b"EncryptedPackage", b"EncryptionInfo")
OLE_MARK = b"\xd0\xcf\x11\xe0"
ZIP_MARK = b"PK"


def read(path: Path, notes: Notes) -> Iterator[Found]:
    """Yield the rows below the header. Raises DataError for a file that is no workbook, or protected."""
    _require_safe(path)
    if is_protected(path):
        raise protected(path)
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            yield from _sheets(path, book, notes)
    except PasswordError as error:
        raise protected(path) from error
    except (CalamineError, OSError) as error:
        raise unreadable(path, f"as a workbook it makes no sense ({error})") from error


def _require_safe(path: Path) -> None:
    if path.stat().st_size > MAX_BYTES:
        raise unreadable(path, f"it has more than {MAX_BYTES >> 20:,} MB", "Save it as .xlsx or .csv.")
    with path.open("rb") as stream:
        mark = stream.read(len(ZIP_MARK))
    if mark == ZIP_MARK:
        try:
            with zipfile.ZipFile(path) as archive:
                require_safe_size(path, archive.infolist())
        except ERRORS as error:
            raise unreadable(path, f"as a workbook it makes no sense ({error})") from error


def _sheets(path: Path, book: CalamineWorkbook, notes: Notes) -> Iterator[Found]:
    filled = [name for name in book.sheet_names if book.get_sheet_by_name(name).height]
    chosen = sheets.chosen(path, filled, notes)
    for name in chosen:
        yield from sheets.named(_rows(path, book, name, notes), name, notes, are_splits=len(chosen) > 1)


def _rows(path: Path, book: CalamineWorkbook, name: str, notes: Notes) -> Iterator[Found]:
    sheet = book.get_sheet_by_name(name)
    table = sheets.SheetTable(path, name, notes)
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        yield from table.add(number, [_value(cell) for cell in cells], _never_broken)
    yield from table.end()


def _never_broken(_columns: Sequence[str]) -> BrokenRow | None:
    return None


def _value(cell: Any) -> Any:
    """Return a cell as a row holds it: whole numbers without a fraction, times as text, empty ones as None."""
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, (dt.date, dt.time, dt.timedelta)):
        return str(cell)
    return None if cell == "" else cell


def is_protected(path: Path) -> bool:
    """Return whether a file is a workbook of Excel that a password protects."""
    with path.open("rb") as stream:
        if stream.read(len(OLE_MARK)) != OLE_MARK:
            return False
        stream.seek(0)
        start = stream.read(1 << 20)
    return any(name.decode("ascii").encode("utf-16-le") in start for name in ENCRYPTED)


def protected(path: Path) -> DataError:
    """Return the error of a workbook that a password protects."""
    return DataError(
        f"{path.name} is protected by a password.",
        "Save it without the password, and choose it again.",
        FIELD,
    )
