"""Reads summaries that another system wrote: a table with a column of them, or a text with one a line.

Knows nothing of conversations or scores. Imports neither torch nor datasets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path
from typing import Any

from engine.errors import DataError
from engine.messages import listed, say
from engine.worker.readers import SUFFIXES, json_files, open_table, text_decoding
from engine.worker.readers.table import Notes, Table

COLUMN = "prediction"
ID_COLUMN = "id"
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
TEXT_SUFFIXES = ("", ".txt", ".text", ".out", ".pred", ".hyp")
KNOWN = ", ".join(suffix.removeprefix(".") for suffix in (*SUFFIXES, ".txt"))
MAX_COLUMNS_NAMED = 20


@dataclass(frozen=True)
class Prediction:
    """A summary, "" for an empty one, with its row number from 1; `id` is "" without an id."""

    row: int
    text: str
    id: str = ""


@dataclass(frozen=True)
class Predictions:
    """The summaries of a file in their order; `has_ids` tells whether it has a column of ids.

    `field` is the field of errors about the file.
    """

    name: str
    field: str
    rows: tuple[Prediction, ...]
    has_ids: bool
    remarks: tuple[str, ...] = ()


def read(path: Path, field: str, column: str = COLUMN) -> Predictions:
    """Return the summaries in a file. Raises DataError with `field`."""
    try:
        suffix = path.suffix.lower()
        _require_readable(path, suffix)
        if suffix in TEXT_SUFFIXES:
            return _from_lines(path, field)
        is_json = suffix in JSON_SUFFIXES
        table = (
            Table((path,), json_files.read, may_have_more_columns=True) if is_json else open_table((path,))
        )
        return _from_table(table, path, field, column)
    except DataError as error:
        # Errors of the readers have fields of the recipe.
        hint = "Repair the rows." if error.field == "data.broken_rows" else error.hint
        raise DataError(error.message, hint, field) from error


def _require_readable(path: Path, suffix: str) -> None:
    if path.is_dir():
        raise DataError(say("{} is a folder.", path), "Choose a file with summaries.")
    if not path.is_file():
        raise DataError(say("{} doesn't exist.", path), "Check the path.")
    if suffix not in (*SUFFIXES, *TEXT_SUFFIXES):
        raise DataError(say("Files like {} can't be read.", path.name), say("These are: {}.", KNOWN))
    if path.stat().st_size == 0:
        raise DataError(say("{} is empty.", path.name), "Choose a file with summaries.")


def _from_lines(path: Path, field: str) -> Predictions:
    notes = Notes()
    lines = [line.strip() for line in text_decoding.lines(path, notes)]
    # Empty lines at the end are no summaries.
    count = len(list(dropwhile(lambda line: not line, reversed(lines))))
    if not count:
        raise DataError(say("There is no text in {}.", path.name), "Choose a file with summaries.")
    rows = tuple(Prediction(number, line) for number, line in enumerate(lines[:count], start=1))
    return Predictions(path.name, field, rows, has_ids=False, remarks=tuple(notes.remarks))


def _from_table(table: Table, path: Path, field: str, column: str) -> Predictions:
    records = list(table)
    table.refuse_broken()
    columns = list(table.columns) or list(dict.fromkeys(name for each in records for name in each.values))
    names = {name.strip().casefold(): name for name in reversed(columns)}
    if column.strip().casefold() not in names:
        named = listed(columns, MAX_COLUMNS_NAMED)
        raise DataError(
            say('{} has no column "{}": it has {}.', path.name, column, named),
            "Name the column with the summaries (--column).",
        )
    text_column, id_column = names[column.strip().casefold()], names.get(ID_COLUMN)
    rows = tuple(
        Prediction(
            record.number,
            _text(record.values.get(text_column), path, record.number, text_column),
            _id(record.values, id_column),
        )
        for record in records
    )
    return Predictions(path.name, field, rows, id_column is not None, table.remarks)


def _text(value: Any, path: Path, row: int, column: str) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, dict, bool)):
        raise DataError(
            say('Row {:,} of {} has no text in the column "{}".', row, path.name, column),
            "Put one summary into each row.",
        )
    return str(value).strip()


def _id(values: Mapping[str, Any], column: str | None) -> str:
    """Return the id of a row as text; spreadsheets and pandas write whole numbers as 12.0."""
    value = values.get(column) if column is not None else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()
