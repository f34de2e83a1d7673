"""Previews the first rows of a source before all of it is read. Imports neither torch nor datasets.

Reports the columns and the inferred schema with its reason, so that a column mapping can be corrected at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from engine.config.data_options import DataOptions
from engine.data import Schema
from engine.errors import DataError
from engine.worker.ingestion.loading import Tables, find_schema, likely_schema
from engine.worker.ingestion.sources import Source
from engine.worker.readers import Record
from engine.worker.runtime.channel import Channel

MAX_ROWS = 50
MAX_CHARACTERS = 2_000
# An event may have 256 kB, and a character may take six bytes in JSON.
MAX_ROW_CHARACTERS = 16_000
MAX_BYTES = 128 * 1024


def show_first_rows(source: Source, tables: Tables, options: DataOptions, channel: Channel) -> None:
    """Emit `rows_previewed`: columns, schema or problem, and the first rows of the first split, values as text.

    Raises DataError with the field `data.source` if nothing can be read.
    """
    split, first = next(iter(tables.items()))
    shape: Schema | None = None
    problem: dict[str, Any] | None = None
    rows = first.head(MAX_ROWS)
    columns = first.columns
    try:
        shape = find_schema(tables, options, to_the_end=False)
    except DataError as error:
        problem = error.problems[0].as_dict()
        shape = likely_schema(tables, options)
    channel.emit(
        "rows_previewed",
        source=source.name,
        split=split,
        columns=list(columns),
        shape=shape.as_dict() if shape else None,
        problem=problem,
        rows=_row_texts(rows, columns),
    )


def _row_texts(rows: Iterable[Record], columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Return as many rows as one event holds; values are text, and long ones are cut."""
    shown: list[dict[str, str]] = []
    free = MAX_BYTES
    limit = min(MAX_CHARACTERS, MAX_ROW_CHARACTERS // max(1, len(columns)))
    for record in rows:
        row = {name: _text(record.values.get(name), limit) for name in columns}
        free -= len(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace"))
        if free < 0 and shown:
            break
        shown.append(row)
    return shown


def _text(value: Any, limit: int) -> str:
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else str(value)
    return text if len(text) <= limit else f"{text[: max(0, limit - 1)]}…"
