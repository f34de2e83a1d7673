"""The history on this computer: one small file per entry, so that a damaged file loses only one.

    tries/<id>.json    an entry with its schema; rewritten when its feedback changes

Knows no widget and no process.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

from engine.api import FileKind, StorageError, SummarizeOptions, foreign_files, paths
from gui.look.language import tr
from gui.pages.playground.columns.column_results import Feedback
from gui.pages.playground.history.history_entry import HistoryColumn, HistoryEntry

SCHEMA = 1
SUFFIX = ".json"
MAX_ENTRIES = 500

Value = TypeVar("Value")


class HistoryStore:
    """The entries, newest first; every change is written at once."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or paths.tries_folder()
        self.items: list[HistoryEntry] = sorted(_read(self._folder), key=lambda entry: entry.id, reverse=True)

    def add(self, entry: HistoryEntry) -> None:
        """Add an entry; the oldest ones without feedback are deleted beyond the limit. Raises StorageError."""
        self._write(entry)
        self.items = [entry, *self.items]
        for item in _beyond(self.items):
            self._forget(item)

    def replace(self, entry: HistoryEntry) -> None:
        """Replace an entry. Raises StorageError."""
        self._write(entry)
        self.items = [entry if item.id == entry.id else item for item in self.items]

    def clear(self) -> list[HistoryEntry]:
        """Delete all entries and return them, so that they can be restored. Raises StorageError."""
        gone = list(self.items)
        for item in gone:
            self._forget(item)
        return gone

    def put_back(self, gone: Iterable[HistoryEntry]) -> None:
        """Restore deleted entries. Raises StorageError."""
        for item in gone:
            self._write(item)
            self.items.append(item)
        self.items.sort(key=lambda entry: entry.id, reverse=True)

    def _forget(self, entry: HistoryEntry) -> None:
        try:
            self._path(entry).unlink(missing_ok=True)
        except OSError as error:
            message = tr("A history entry can't be deleted: {why}.", why=error.strerror)
            raise StorageError(message) from error
        self.items = [item for item in self.items if item.id != entry.id]

    def _path(self, entry: HistoryEntry) -> Path:
        return self._folder / f"{entry.id}{SUFFIX}"

    def _write(self, entry: HistoryEntry) -> None:
        table = asdict(entry) | {"decoding": entry.decoding.model_dump()}
        path = self._path(entry)
        partial = path.with_name(path.name + ".partial")
        try:
            partial.write_text(json.dumps({"schema": SCHEMA, **table}), encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            message = tr("The history can't be saved: {why}.", why=error.strerror)
            raise StorageError(message, tr("Free some disk space.")) from error


def _beyond(items: list[HistoryEntry]) -> list[HistoryEntry]:
    """Return the entries beyond the limit: the oldest ones without feedback."""
    over = len(items) - MAX_ENTRIES
    return [item for item in reversed(items) if not item.is_rated][:over] if over > 0 else []


def _read(folder: Path) -> Iterable[HistoryEntry]:
    """Yield the entries in a folder; damaged files and those of a later version are skipped."""
    for path in folder.glob(f"*{SUFFIX}"):
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            table = foreign_files.read_json(path, FileKind.WINDOW)
            if table["schema"] == SCHEMA:
                yield _try({**table, "id": path.stem})


def _try(table: dict[str, Any]) -> HistoryEntry:
    given = SummarizeOptions.model_fields.keys() & table["decoding"].keys()
    return _known(
        HistoryEntry,
        {
            **table,
            "decoding": SummarizeOptions(**{name: table["decoding"][name] for name in given}),
            "columns": tuple(_column(column) for column in table["columns"]),
        },
    )


def _column(table: dict[str, Any]) -> HistoryColumn:
    rounds = tuple(tuple(parts) for parts in table.get("rounds") or ())
    feedback = _known(Feedback, table.get("feedback") or {})
    return _known(HistoryColumn, {**table, "feedback": feedback, "rounds": rounds})


def _known(made: type[Value], table: dict[str, Any]) -> Value:
    """Return a value of a table, without unknown keys of a later version."""
    names = {each.name for each in fields(made)}  # type: ignore[arg-type]
    return made(**{name: value for name, value in table.items() if name in names})
