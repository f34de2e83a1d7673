"""Writes csv files atomically and safe to open in a spreadsheet.

A spreadsheet executes a cell that begins with "=" or the like as a formula, and texts of conversations are not
trusted: such cells get a leading apostrophe.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from engine.errors import disk_errors
from engine.system.files import aside, private

# Spreadsheets read these as the start of a formula, or skip them before one, the full-width forms too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "﹦", "﹢", "﹣", "﹫")

# None is written as an empty cell.
Cell = str | int | float | None


def write_csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a table as UTF-8 with a byte order mark, for spreadsheets; numbers stay numbers.

    Raises StorageError if the file can't be written; an existing file is then unchanged.
    """
    with (
        disk_errors("{} can't be written: {}.", path, hint="Choose another folder, or free some space."),
        aside(path) as unfinished,
        open(unfinished, "x", -1, "utf-8-sig", "replace", "", opener=private) as stream,
    ):
        table = csv.writer(stream)
        table.writerows([_escaped(cell) for cell in row] for row in chain([head], rows))
        stream.flush()
        os.fsync(stream.fileno())


def _escaped(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet executes; numbers, also negative ones, stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
