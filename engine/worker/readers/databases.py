"""Databases of SQLite: the rows of a table, read only.

Nothing in the file is executed: SQLite itself tells which tables are plain ones, and which of their columns are stored.
Views, virtual tables and columns that are computed are left out. What another program has not merged into the file yet
is not read, and told.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from engine.errors import DataError
from engine.messages import say
from engine.worker.readers.table import (
    FIELD,
    SHEET_FIELD,
    Found,
    Notes,
    sheets_to_read,
    unreadable,
    with_split,
)

MARK = b"SQLite format 3\0"
# Where SQLite keeps what is not in the file itself yet.
BESIDE = ("-wal", "-journal")
LOOKED_AT_ROWS = 20
MAX_CELL_BYTES = 64 << 20
# How SQLite calls a table with rows of its own. The content of the others is made by a query, or stands anywhere.
PLAIN = "table"
# What SQLite says of a column that is computed whenever it is read.
COMPUTED = 2


def read(path: Path, notes: Notes) -> Iterator[Found]:
    """Yield the rows of a database's table with texts, or of the tables that are splits.

    Raises DataError for a damaged or encrypted file, and with the field `data.sheet` where several tables hold texts.
    """
    if not is_database(path):
        raise DataError(
            say("{} is encrypted, or not an SQLite database.", path.name),
            "Save it without a password, or export it as csv.",
            FIELD,
        )
    for beside in BESIDE:
        unmerged = path.with_name(path.name + beside)
        if unmerged.is_file() and unmerged.stat().st_size:
            notes.remarks.append(
                say("{} is in use, so {} is not read. Close the other program.", path.name, unmerged.name)
            )
    try:
        with closing(_opened(path)) as database:
            chosen = _chosen(path, _with_texts(database), notes)
            for name in chosen:
                rows = _rows(database, name, notes)
                if len(chosen) > 1:
                    rows = with_split(rows, name, notes)
                yield from rows
    except sqlite3.Error as error:
        raise unreadable(path, say("its contents are damaged ({})", error)) from error


def is_database(path: Path) -> bool:
    """Return whether a file begins as databases of SQLite do; an encrypted one does not."""
    with path.open("rb") as stream:
        return stream.read(len(MARK)) == MARK


def _opened(path: Path) -> sqlite3.Connection:
    """Return a database that can't be changed; nothing is written beside it either."""
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    # Bytes that are no UTF-8 become lone surrogates, by which their row is found.
    database.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_CELL_BYTES)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    return database


def _with_texts(database: sqlite3.Connection) -> list[str]:
    """Return the plain tables with a text in their first rows."""
    # Not asked by SELECT: a table of the file may be called like what answers.
    plain = {
        name
        for _, name, kind, *_ in database.execute("PRAGMA main.table_list")
        if kind == PLAIN and not name.startswith("sqlite_")
    }
    # In the order in which they were made.
    made = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return [
        name
        for (name,) in made
        if name in plain
        and any(
            isinstance(cell, str) and cell.strip()
            for row in islice(_all(database, name), LOOKED_AT_ROWS)
            for cell in row
        )
    ]


def _all(database: sqlite3.Connection, table: str) -> sqlite3.Cursor:
    """Return the rows of a table with its stored columns, as the table has them and not an index."""
    stored = ", ".join(_quoted(name) for name, kind in _columns(database, table) if kind != COMPUTED)
    return database.execute(f"SELECT {stored or 'NULL'} FROM {_quoted(table)} NOT INDEXED")  # noqa: S608 - names are no values, and are quoted


def _columns(database: sqlite3.Connection, table: str) -> list[tuple[str, int]]:
    return [
        (name, kind) for _, name, *_, kind in database.execute(f"PRAGMA main.table_xinfo({_quoted(table)})")
    ]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _chosen(path: Path, tables: Sequence[str], notes: Notes) -> list[str]:
    """Return the tables to read: the one that the user named, the only one, or all if they are splits."""
    absent = say('{} has no table "{}" with texts.', path.name, notes.sheet)
    known = say("The tables are: {}.", ", ".join(tables))
    if chosen := sheets_to_read(path, tables, notes, absent, known):
        return chosen
    if len(tables) > 1:
        raise DataError(
            say("{} has several tables with texts: {}.", path.name, ", ".join(tables)),
            "Choose one.",
            SHEET_FIELD,
            tables,
        )
    return list(tables)


def _rows(database: sqlite3.Connection, table: str, notes: Notes) -> Iterator[Found]:
    cursor = _all(database, table)
    columns = [head[0] for head in cursor.description]
    notes.columns.update(dict.fromkeys(columns))
    computed = [name for name, kind in _columns(database, table) if kind == COMPUTED]
    if computed:
        notes.remarks.append(say('Computed columns of "{}" are skipped: {}.', table, ", ".join(computed)))
    told: set[str] = set()
    for row in cursor:
        values = dict(zip(columns, row, strict=True))
        notes.done_bytes += sum(len(cell) for cell in row if isinstance(cell, (str, bytes)))
        for name, cell in values.items():
            if isinstance(cell, bytes):
                values[name] = None
                if name not in told:
                    told.add(name)
                    notes.remarks.append(
                        say('Column "{}" of "{}" contains bytes, read as empty.', name, table)
                    )
        yield values
