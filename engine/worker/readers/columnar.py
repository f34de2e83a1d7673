"""Columnar files: parquet, feather, arrow files and arrow streams, those of `save_to_disk` included.

Reads batch by batch and maps nothing into memory: a mapped file that shrinks would end the process.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import DataError
from engine.messages import say
from engine.worker.readers.table import FIELD, BrokenRow, Found, Notes, unreadable

ROWS_PER_BATCH = 1_000
FILE_MARK = b"ARROW1"
# Of the first version, which was no arrow file yet; pyarrow gives it up.
FEATHER_MARK = b"FEA1"
PAGE_BYTES = 1 << 20
TEXTS: tuple[Callable[[pa.DataType], bool], ...] = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
)
PLAIN: tuple[Callable[[pa.DataType], bool], ...] = (
    *TEXTS, pa.types.is_null, pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating,
)  # fmt: skip
# Converted to text, since a row holds no other kind of value.
CONVERTED: tuple[Callable[[pa.DataType], bool], ...] = (pa.types.is_temporal, pa.types.is_decimal)
LISTS: tuple[Callable[[pa.DataType], bool], ...] = (
    pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list, pa.types.is_list_view,
)  # fmt: skip


def read_parquet(path: Path, notes: Notes) -> Iterator[Found]:
    """Yield the rows of a parquet file. Raises DataError for a damaged one."""
    with _explained(path), pq.ParquetFile(path, buffer_size=PAGE_BYTES) as file:
        names = _readable_columns(path, file.schema_arrow, notes)
        total, size, done = max(1, file.metadata.num_rows), path.stat().st_size, 0
        for batch in file.iter_batches(ROWS_PER_BATCH, columns=names):
            yield from _rows(batch, names, done)
            done += batch.num_rows
            notes.done_bytes = size * done // total


def read_arrow(path: Path, notes: Notes) -> Iterator[Found]:
    """Yield the rows of an arrow file or stream. Raises DataError for a damaged one."""
    with _explained(path), pa.OSFile(str(path)) as source:
        if source.read(len(FEATHER_MARK)) == FEATHER_MARK:
            raise DataError(
                say("{} is an old feather file, which can't be read.", path.name),
                "Write it with version=2, or as parquet.",
                FIELD,
            )
        source.seek(0)
        done = 0
        for batch in _batches(source):
            names = _readable_columns(path, batch.schema, notes)
            # Nothing has checked the offsets and the characters yet.
            batch.validate(full=True)
            for start in range(0, batch.num_rows, ROWS_PER_BATCH):
                yield from _rows(batch.slice(start, ROWS_PER_BATCH), names, done + start)
            done += batch.num_rows
            notes.done_bytes = source.tell()


def _batches(source: pa.NativeFile) -> Iterator[pa.RecordBatch]:
    mark = source.read(len(FILE_MARK))
    source.seek(0)
    if mark == FILE_MARK:
        file = pa.ipc.open_file(source)
        yield from (file.get_batch(number) for number in range(file.num_record_batches))
    else:
        yield from pa.ipc.open_stream(source)


def _readable_columns(path: Path, schema: pa.Schema, notes: Notes) -> list[str]:
    """Return the columns that can be read; add a remark about each other one."""
    if len(set(schema.names)) < len(schema.names):
        repeated = next(name for name in schema.names if schema.names.count(name) > 1)
        raise unreadable(
            path, say('it has several columns named "{}"', repeated), "Give each column a different name."
        )
    readable = [field.name for field in schema if _readable(field.type)]
    for name in schema.names:
        if name not in readable and name not in notes.columns:
            remark = say(
                'Column "{}" of {} contains {} and is not read.', name, path.name, schema.field(name).type
            )
            if remark not in notes.remarks:
                notes.remarks.append(remark)
    notes.columns.update(dict.fromkeys(readable))
    return readable


def _readable(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _readable(kind.value_type)
    if any(is_list(kind) for is_list in LISTS):
        return _readable(kind.value_type)
    if pa.types.is_struct(kind):
        return all(_readable(kind.field(index).type) for index in range(kind.num_fields))
    return any(fits(kind) for fits in (*PLAIN, *CONVERTED))


def _rows(batch: pa.RecordBatch, names: list[str], done: int) -> Iterator[Found]:
    try:
        rows = batch.select(names).to_pylist()
    except UnicodeDecodeError:
        yield from _one_by_one(batch.select(names), done)
        return
    if all(any(fits(batch.schema.field(name).type) for fits in PLAIN) for name in names):
        yield from rows
    else:
        yield from (_plain(row) for row in rows)


def _one_by_one(batch: pa.RecordBatch, done: int) -> Iterator[Found]:
    """Yield a batch's rows; a row with bytes that are not UTF-8 is broken and named by its column."""
    for index in range(batch.num_rows):
        values: dict[str, Any] = {}
        for name in batch.schema.names:
            try:
                values[name] = _plain(batch.column(name)[index].as_py())
            except UnicodeDecodeError:
                yield BrokenRow(
                    say("row {:,}", done + index + 1),
                    say('column "{}" contains bytes that are not UTF-8', name),
                )
                break
        else:
            yield values


def _plain(value: Any) -> Any:
    """Return a value with all dates and decimals in it as text."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    converted = isinstance(value, (dt.date, dt.time, dt.timedelta, decimal.Decimal))
    return str(value) if converted else value


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Translate pyarrow's errors, which are of many kinds, into a DataError that names the file."""
    try:
        yield
    except MemoryError:
        # One of pyarrow's errors too; it has nothing to say of the file.
        raise
    except (pa.ArrowException, UnicodeError) as error:
        raise unreadable(path, str(error)) from error
