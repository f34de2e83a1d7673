"""The one way in which a csv file leaves Tunesmith: whole or not at all, and safe to open in a spreadsheet.

Texts of conversations are other people's words. A spreadsheet takes a cell that begins with "=" for a formula and
carries it out, so such cells begin with an apostrophe here.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from engine.errors import StorageError

# What spreadsheets take for the beginning of a formula, or throw away in front of one.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | float


def write_csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a table: UTF-8 with the mark by which spreadsheets know it, numbers as they are.

    Raises StorageError if the place can't be written; a file that stood there is kept then.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("w", newline="", encoding="utf-8-sig", errors="replace") as stream:
            table = csv.writer(stream)
            table.writerows([_harmless(cell) for cell in row] for row in chain([head], rows))
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        raise StorageError(
            f"{path} can't be written: {error.strerror}.", "Choose another folder, or free some space."
        ) from error


def _harmless(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet carries out; a number, below zero too, is no text and stays one."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
