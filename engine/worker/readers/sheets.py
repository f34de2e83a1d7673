"""What workbooks of all kinds have in common: which sheets are read, where the table begins, which rows are broken.

Cells right of the header break their row: nothing that was written is dropped without a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from engine.data import split_named
from engine.errors import DataError
from engine.worker.readers.delimited import column_names
from engine.worker.readers.table import BrokenRow, LinedRow, Notes

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


SPLIT = "split"
MAX_QUOTED = 40
Found = Mapping[str, Any] | BrokenRow


def chosen(path: Path, filled: Sequence[str], notes: Notes) -> list[str]:
    """Return the names of the sheets to read, of those that hold anything; add a remark about the others.

    The sheet that the user named is taken, else all that are named after splits if there are several, else the first.
    Raises DataError for a sheet that is not there.
    """
    if notes.sheet:
        if notes.sheet not in filled:
            raise DataError(
                f'{path.name} has no sheet "{notes.sheet}" that holds anything.',
                f"The sheets are: {', '.join(filled)}.",
                "data.sheet",
                filled,
            )
        return [notes.sheet]
    splits = [name for name in filled if split_named(name)]
    are_splits = len({split_named(name) for name in splits}) > 1
    read = splits if are_splits else list(filled[:1])
    others = [name for name in filled if name not in read]
    if are_splits:
        notes.remarks.append(f"Of {path.name} these sheets are read as splits: {', '.join(read)}.")
    if others:
        named = " and ".join(read) if are_splits else read[0]
        notes.remarks.append(f"Of {path.name} the sheet {named} is read, and not {', '.join(others)}.")
    return read


def named(rows: Iterator[Found], title: str, notes: Notes, *, are_splits: bool) -> Iterator[Found]:
    """Yield a sheet's rows; with a column for the split if sheets are splits."""
    for row in rows:
        if not are_splits:
            yield row
        elif isinstance(row, BrokenRow):
            yield BrokenRow(f'sheet "{title}", {row.position}', row.reason)
        else:
            notes.columns.setdefault(SPLIT)
            yield LinedRow({**row, SPLIT: title}, getattr(row, "line", 0))


class SheetTable:
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
            self._name(first, self._waiting[first][1], is_header=is_header)
        for number, values in self._waiting[first + is_header :]:
            yield from self._row(number, values)

    def _name(self, first: int, head: Sequence[Any], *, is_header: bool) -> None:
        """Take the names of the columns; add remarks on what stands above them and on a header that is not there."""
        above = [
            " ".join(str(cell) for cell in values if cell is not None) for _, values in self._waiting[:first]
        ]
        told = "; ".join(f'"{text.strip()[:MAX_QUOTED]}"' for text in above if text.strip())
        if told:
            self._notes.remarks.append(
                f"In {self._path.name} this stands above the table and is not read: {told}."
            )
        if is_header:
            self._columns = column_names(["" if cell is None else str(cell) for cell in head])
        else:
            width = max(len(values) for _, values in self._waiting)
            self._columns = [f"column {number}" for number in range(1, width + 1)]
            self._notes.remarks.append(
                f"{self._path.name} has no header: its columns are called by their numbers."
            )
        self._notes.columns.update(dict.fromkeys(self._columns))

    def _row(self, number: int, values: list[Any]) -> Iterator[Found]:
        width = len(self._columns)
        # A merged cell may reach beyond the table; it says nothing new there.
        beyond = [value for value in values[width:] if value not in {None, "", values[width - 1]}]
        if beyond:
            text = str(beyond[0])[:MAX_QUOTED]
            yield BrokenRow(
                f"row {number:,}", f'it goes on behind the column "{self._columns[-1]}": "{text}"'
            )
            return
        values = [*values[:width], *[None] * (width - len(values))]
        if any(value not in {None, ""} for value in values):
            yield LinedRow(dict(zip(self._columns, values, strict=True)), number)
