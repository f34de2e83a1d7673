"""Workbooks: the first sheet that holds rows, streamed row by row.

A formula counts as its stored value; one without makes its row broken, since only a spreadsheet program can compute
it. All cells of a merged range have its value, and a remark says so. A workbook is a zip archive: its unpacked size is
limited before it is read.
"""

from __future__ import annotations

import posixpath
import re
import struct
import warnings
import zipfile
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count, islice, repeat
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.functions import fromstring

from engine.worker.readers.archives import require_safe_size
from engine.worker.readers.table import MAX_NAMED, TOO_LARGE, BrokenRow, Notes, unreadable
from engine.worker.readers.tabular import old_workbook, sheets

MAX_ROWS = 1 << 20
SCAN_BYTES = 1 << 20
# Cells that a row leaves out before one far to the right are made by openpyxl: as many as this, or one for every few
# bytes of the sheet. A cell that is there takes about 30 bytes.
SAFE_CELLS = 2_000_000
BYTES_PER_CELL = 4
# Excel has 65,490 formats at most. Each costs as much time as many cells do.
STYLES = "xl/styles.xml"
MAX_STYLES_BYTES = 16 << 20
# The longest tag of a merged range, so that none falls between two pieces.
TAG_BYTES = 200
MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]{0,100}?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")
# The escape of characters that XML does not allow, above all CR.
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# What openpyxl raises for files that are no workbooks; for most it has no exception of its own.
ERRORS = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, struct.error, EOFError, AttributeError, LookupError,
    TypeError, ValueError, ArithmeticError, AssertionError, RuntimeError, SyntaxError,
)  # fmt: skip
Cells = Sequence[Any]


@dataclass
class _Merged:
    """A merged range, and its value once its first row is read."""

    first_column: int
    first_row: int
    last_column: int
    last_row: int
    value: Any = None


def read(path: Path, notes: Notes) -> Iterator[Mapping[str, Any] | BrokenRow]:
    """Yield the rows below the sheet's header. Raises DataError for a file that is no workbook."""
    if old_workbook.is_protected(path):
        raise old_workbook.protected(path)
    with _explained(path):
        with zipfile.ZipFile(path) as archive:
            require_safe_size(path, archive.infolist())
            _require_few_styles(path, archive)
        with _opened(path, data_only=True) as book:
            chosen = _sheets(path, book, notes)
            for sheet in chosen:
                yield from sheets.named(
                    _rows(path, sheet, notes), sheet.title, notes, are_splits=len(chosen) > 1
                )


def _require_few_styles(path: Path, archive: zipfile.ZipFile) -> None:
    size = archive.getinfo(STYLES).file_size if STYLES in archive.namelist() else 0
    if size > MAX_STYLES_BYTES:
        raise unreadable(
            path,
            f"its formats have {size:,} bytes, at most {MAX_STYLES_BYTES:,} are read",
            "Save it as csv, and choose that.",
        )


@contextmanager
def _opened(path: Path, *, data_only: bool) -> Iterator[Workbook]:
    with warnings.catch_warnings():
        # Warnings about what openpyxl can't save (styles, extensions) do not matter here.
        warnings.simplefilter("ignore")
        book = load_workbook(path, read_only=True, data_only=data_only)
    try:
        yield book
    finally:
        book.close()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except ERRORS as error:
        raise unreadable(path, f"as a workbook it makes no sense ({error})") from error


def _sheets(path: Path, book: Workbook, notes: Notes) -> list[Worksheet]:
    """Return the sheets that are read: the chosen one, those named after splits, or the first that holds anything."""
    filled = {sheet.title: sheet for sheet in book.worksheets if _holds_rows(path, sheet)}
    return [filled[name] for name in sheets.chosen(path, list(filled), notes)]


def _holds_rows(path: Path, sheet: Worksheet) -> bool:
    # A file's own statement of its size may be anything.
    sheet.reset_dimensions()
    return any(cell.value is not None for row in islice(_cells(path, sheet), MAX_ROWS) for cell in row)


def _cells(path: Path, sheet: Worksheet) -> Iterator[Cells]:
    """Yield a sheet's rows. Raises DataError for one with far more empty cells than filled ones."""
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(_sheet_member(archive, sheet.title)).file_size
    left = max(SAFE_CELLS, size // BYTES_PER_CELL)
    for row in sheet.iter_rows():
        left -= len(row)
        if left < 0:
            raise unreadable(
                path,
                f"the sheet {sheet.title} is nearly all empty cells",
                "Delete what stands far right of the table, or save it as csv.",
            )
        yield row


def _rows(path: Path, sheet: Worksheet, notes: Notes) -> Iterator[Mapping[str, Any] | BrokenRow]:
    merged, has_formulas = _scan(path, sheet.title)
    if merged:
        notes.remarks.append(_remark(path, merged))
    formulas = _formula_rows(path, sheet.title) if has_formulas else repeat(())
    rows = zip(count(1), _cells(path, sheet), formulas)
    table = sheets.SheetTable(path, sheet.title, notes)
    coming, here = deque(merged), list[_Merged]()
    for number, cells, is_formula in rows:
        if number > MAX_ROWS:
            raise unreadable(path, f"the sheet {sheet.title} has more than {MAX_ROWS:,} rows", TOO_LARGE)
        here = [span for span in here if number <= span.last_row]
        while coming and coming[0].first_row <= number:
            here.append(coming.popleft())
        values = _filled([_value(cell) for cell in cells], number, here)
        broken = partial(_broken, cells, is_formula, number)
        yield from table.add(number, values, broken)
    yield from table.end()


def _value(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, str):
        return ESCAPED.sub(lambda found: chr(int(found[1], 16)), value) if "_x" in value else value
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def _broken(
    cells: Cells, is_formula: Sequence[bool], number: int, columns: Sequence[str]
) -> BrokenRow | None:
    """Return why a row is broken, None if it is not: an error as a value, or a formula without a stored value."""
    for index, (cell, name) in enumerate(zip(cells, columns, strict=False)):
        position = f"cell {get_column_letter(index + 1)}{number}"
        if cell.value is not None and cell.data_type == "e":
            return BrokenRow(position, f'in the column "{name}" it holds the error {cell.value}')
        if cell.value is None and is_formula[index : index + 1] == [True]:
            return BrokenRow(position, f'in the column "{name}" it holds a formula without a stored value')
    return None


def _formula_rows(path: Path, title: str) -> Iterator[list[bool]]:
    """Yield for each row which cells hold formulas; openpyxl can't read values and formulas at once."""
    with _opened(path, data_only=False) as book:
        for cells in _cells(path, book[title]):
            yield [cell.data_type == "f" for cell in cells]


def _filled(values: list[Any], number: int, merged: Iterable[_Merged]) -> list[Any]:
    """Return a row with the value of each merged range that it belongs to in all of the range's cells."""
    for span in merged:
        values += [None] * (span.last_column - len(values))
        if number == span.first_row:
            span.value = values[span.first_column - 1]
        values[span.first_column - 1 : span.last_column] = [span.value] * (
            span.last_column - span.first_column + 1
        )
    return values


def _scan(path: Path, title: str) -> tuple[list[_Merged], bool]:
    """Return a sheet's merged ranges, sorted by their first rows, and whether it has formulas.

    openpyxl reports neither while it streams rows, so the sheet's XML is searched.
    """
    merged, has_formulas, rest = set(), False, b""
    with zipfile.ZipFile(path) as archive, archive.open(_sheet_member(archive, title)) as source:
        while piece := source.read(SCAN_BYTES):
            text = rest + piece
            merged |= set(MERGED.findall(text))
            has_formulas = has_formulas or FORMULA.search(text) is not None
            rest = text[-TAG_BYTES:]
    spans = [_Merged(*range_boundaries(span.decode("ascii"))) for span in merged]
    return sorted(spans, key=lambda span: (span.first_row, span.first_column)), has_formulas


def _sheet_member(archive: zipfile.ZipFile, title: str) -> str:
    """Return the archive member that holds a sheet, found by the relationships that the workbook declares."""
    workbook = next(target for kind, target in _related(archive, "").values() if kind == "officeDocument")
    sheets = fromstring(archive.read(workbook)).findall(".//{*}sheet")
    sheet = next(each for each in sheets if each.get("name") == title)
    key = next(value for name, value in sheet.attrib.items() if name.endswith("}id"))
    return _related(archive, workbook)[key][1]


def _related(archive: zipfile.ZipFile, member: str) -> dict[str, tuple[str, str]]:
    """Return the kind and the target of each relationship of an archive member, by id; "" is the whole package."""
    folder, name = posixpath.split(member)
    declared = fromstring(archive.read(posixpath.join(folder, "_rels", f"{name}.rels")))
    return {
        each.get("Id"): (
            posixpath.basename(each.get("Type")),
            posixpath.normpath(posixpath.join("/", folder, each.get("Target"))).lstrip("/"),
        )
        for each in declared.findall("{*}Relationship")
    }


def _remark(path: Path, merged: Sequence[_Merged]) -> str:
    spans = [
        f"{get_column_letter(span.first_column)}{span.first_row}:"
        f"{get_column_letter(span.last_column)}{span.last_row}"
        for span in merged[:MAX_NAMED]
    ]
    more = ", …" if len(merged) > MAX_NAMED else ""
    cells = "merged range" if len(merged) == 1 else "merged ranges"
    return (
        f"{path.name} has {len(merged):,} {cells} ({', '.join(spans)}{more}): each cell counts as its first."
    )
