"""A source's rows as examples: finds their shape, reads them with progress, and sees to broken ones.

Knows nothing of how splits are made, of limits or of models. Imports neither torch nor datasets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from engine.data_options import DataOptions
from engine.errors import DataError
from engine.shapes import Shape, Shaped, guess
from engine.worker.channel import Channel
from engine.worker.readers import FIELD, Broken, Record, Table, open_table
from engine.worker.sources import Source, Split

# A shape is guessed from as many.
FIRST_ROWS = 200
ROWS_A_LOOK = 200
MOST_REMARKS = 20
# An event may have 256 kB.
MOST_BYTES_AN_EVENT = 128 * 1024
MOST_CHARACTERS_WHY = 500
Tables = Mapping[Split | None, Table]


def open_tables(source: Source) -> Tables:
    """Return the table of each split of a source, that of training first; nothing is read yet."""
    splits = sorted(source.files, key=lambda split: split != "train")
    return {split: open_table(source.files[split]) for split in splits}


def find_shape(
    tables: Tables, options: DataOptions, *, to_the_end: bool = True, needs_summary: bool = True
) -> Shape:
    """Return the shape of the rows of all tables.

    A column that the first rows have not is looked for `to_the_end`: JSON names one only where it holds something.
    Rows without summaries are in a shape only where none is needed. Raises DataError with the field of what can't be
    found, or `data.source` for what can't be read.
    """
    heads = [table.head(FIRST_ROWS) for table in tables.values()]
    columns = _shared(tables)
    try:
        return _guessed(columns, heads[0], options, needs_summary=True)
    except DataError:
        everywhere = _shared_everywhere(tables) if to_the_end else columns
        if everywhere == columns and needs_summary:
            raise
        return _guessed(everywhere, heads[0], options, needs_summary=needs_summary)


def _guessed(
    columns: Sequence[str], rows: Sequence[Record], options: DataOptions, *, needs_summary: bool
) -> Shape:
    values = [row.values for row in rows]
    return guess(
        columns, values, options.conversation, options.summary, options.columns, needs_summary=needs_summary
    )


def _shared(tables: Tables) -> list[str]:
    """Return the columns that every table has, in the first one's order."""
    first, *others = (table.columns for table in tables.values())
    return [name for name in first if all(name in columns for columns in others)]


def _shared_everywhere(tables: Tables) -> list[str]:
    """Return the columns that every table has in whichever row."""
    for table in tables.values():
        if table.may_have_more_columns:
            for _ in table:
                pass
    return _shared(tables)


def read_rows(
    source: Source, options: DataOptions, channel: Channel, *, needs_summary: bool = True
) -> tuple[Shape, dict[Split | None, tuple[Shaped, ...]]]:
    """Return the shape of a source's rows, and by split what they make.

    Raises DataError: with the field `data.source` for files that can't be read, with `data.broken_rows` for broken
    rows that this does not leave out, with another field for rows that are in no shape.
    """
    tables = open_tables(source)
    shape = find_shape(tables, options, needs_summary=needs_summary)
    total, done = sum(table.size_bytes for table in tables.values()), 0
    found: dict[Split | None, tuple[Shaped, ...]] = {}
    for split, table in tables.items():
        found[split] = _shaped(table, shape, _followed(table, done, total, channel))
        done += table.size_bytes
    _tell_remarks(tables, channel)
    _see_to_broken(tables, options, channel)
    return shape, found


def _shaped(table: Table, shape: Shape, rows: Iterator[Record]) -> tuple[Shaped, ...]:
    try:
        return tuple(shape.examples(rows))
    except DataError as error:
        if error.field == FIELD:
            raise
        raise DataError(f"{table.name}: {error.message}", error.hint, error.field) from error


def _followed(table: Table, before: int, total: int, channel: Channel) -> Iterator[Record]:
    """Yield a table's rows, tell how far they are, and look for a wish to stop."""
    for count, record in enumerate(table):
        if count % ROWS_A_LOOK == 0:
            channel.check_stop()
            channel.progress(before + table.done_bytes, total, "bytes")
        yield record


def _tell_remarks(tables: Tables, channel: Channel) -> None:
    remarks = list(dict.fromkeys(remark for table in tables.values() for remark in table.remarks))
    for remark in remarks[:MOST_REMARKS]:
        channel.notice(remark)
    if len(remarks) > MOST_REMARKS:
        channel.notice(f"{len(remarks) - MOST_REMARKS:,} more files are read with such a remark.")


def _see_to_broken(tables: Tables, options: DataOptions, channel: Channel) -> None:
    """List every broken row, then refuse the tables that have some, or tell that the rows are left out."""
    for table in tables.values():
        for rows in _in_events(table.broken):
            channel.emit("rows_broken", table=table.name, rows=rows)
    for table in tables.values():
        if table.broken and options.broken_rows == "leave_out":
            channel.notice(f"{table.name}: {table.broken_words}, left out as data.broken_rows says.")
        else:
            table.require_whole()


def _in_events(broken: Sequence[Broken]) -> Iterator[list[dict[str, str]]]:
    """Yield broken rows, each with its place and why, as many at a time as one event holds."""
    part: list[dict[str, str]] = []
    room = MOST_BYTES_AN_EVENT
    for each in broken:
        row = {"place": each.place, "why": each.why[:MOST_CHARACTERS_WHY]}
        needed = len(json.dumps(row))
        if part and needed > room:
            yield part
            part, room = [], MOST_BYTES_AN_EVENT
        part.append(row)
        room -= needed
    if part:
        yield part
