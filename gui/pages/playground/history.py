"""The history: tries with their conversation, decoding, summaries and feedback, and what was rated good in them.

Each entry is one small file, so that a damaged file loses only one. Knows no widget and no process.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from engine.api import (
    FileKind,
    StorageError,
    SummarizeOptions,
    escaping,
    files,
    foreign_files,
    labelling,
    paths,
    speakers,
    turns,
)
from gui.look.language import tr, tr_count
from gui.pages.playground.column_results import Column, ColumnModel, ColumnResults, Feedback, Status

HEADLINE_LETTERS = 64


@dataclass(frozen=True)
class HistoryEntry:
    """A conversation, the base model, the decoding, and the summaries of all columns; ids sort by time."""

    id: str
    made_at: float
    conversation: str
    reference: str
    base_model: dict[str, Any]
    decoding: SummarizeOptions
    columns: tuple[Column, ...]
    # The template that replaced the prompts of all columns, or "".
    prompt: str = ""

    @property
    def headline(self) -> str:
        return headline(self.conversation)

    @property
    def is_rated(self) -> bool:
        return any(column.feedback != Feedback() for column in self.columns)

    @property
    def good(self) -> tuple[Column, ...]:
        """Return the summaries rated good, and those that were corrected, however they were rated."""
        return tuple(
            column for column in self.columns if column.feedback.thumb == "up" or column.feedback.edited
        )

    def with_feedback(self, adapter: str | None, feedback: Feedback) -> HistoryEntry:
        return replace(
            self,
            columns=tuple(
                replace(column, feedback=feedback) if column.entry.adapter == adapter else column
                for column in self.columns
            ),
        )

    def has(self, searched: str) -> bool:
        """Return whether all words occur in the conversation, a summary, a note or a name."""
        texts = [self.conversation, self.reference]
        for column in self.columns:
            texts += [column.entry.title, column.text, column.feedback.note, column.feedback.edited]
        text = "\n".join(texts).casefold()
        return all(word in text for word in searched.casefold().split())


@lru_cache(maxsize=1024)
def headline(conversation: str) -> str:
    """Return the speakers and the beginning of the conversation on one short line."""
    said = turns(conversation)
    begins = said[0].text.split("\n")[0] if said else ""
    names = ", ".join(speakers(conversation)[:3])
    line = escaping.in_one_line(f"{names}: {begins}" if names else begins)
    return line if len(line) <= HEADLINE_LETTERS else line[: HEADLINE_LETTERS - 1].rstrip() + "…"


def new_id(made_at: float) -> str:
    """Return an unused id that sorts by time."""
    return f"{round(made_at * 1000):015d}-{secrets.token_hex(2)}"


def from_results(
    results: ColumnResults,
    reference: str,
    base_model: dict[str, Any],
    decoding: SummarizeOptions,
    prompt: dict[str, Any] | None = None,
) -> HistoryEntry:
    """Return the results as an entry; `prompt` is the template that replaced all prompts."""
    now = time.time()
    columns = tuple(map(_complete, results.columns))
    template = str(prompt["template"]) if prompt else ""
    return HistoryEntry(
        new_id(now), now, results.conversation, reference, base_model, decoding, columns, template
    )


def _complete(column: Column) -> Column:
    """Return a copy of a column without how its summary came about."""
    status: Status = "finished" if column.text else "empty"
    return replace(column, status=status, is_capped=False, message="", hint="")


def into_results(entry: HistoryEntry) -> ColumnResults:
    """Return the columns of an entry."""
    results = ColumnResults(entry.columns[0].entry)
    results.columns = list(map(_complete, entry.columns))
    results.conversation, results.entry = entry.conversation, entry
    return results


SCHEMA = 1
SUFFIX = ".json"
MAX_ENTRIES = 500
# Of a column, beside its model and its feedback.
SAVED = ("text", "tokens", "seconds", "scores", "rounds")

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
            files.delete(self._path(entry))
        except OSError as error:
            message = tr("A history entry can't be deleted: {why}.", why=error.strerror)
            raise StorageError(message) from error
        self.items = [item for item in self.items if item.id != entry.id]

    def _path(self, entry: HistoryEntry) -> Path:
        return self._folder / f"{entry.id}{SUFFIX}"

    def _write(self, entry: HistoryEntry) -> None:
        columns = [_table(column) for column in entry.columns]
        table = asdict(replace(entry, columns=())) | {
            "decoding": entry.decoding.model_dump(),
            "columns": columns,
        }
        try:
            files.write_atomically(self._path(entry), json.dumps({"schema": SCHEMA, **table}))
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


def _table(column: Column) -> dict[str, Any]:
    values = {name: getattr(column, name) for name in SAVED}
    return {**asdict(column.entry), **values, "feedback": asdict(column.feedback)}


def _column(table: dict[str, Any]) -> Column:
    values = {name: table[name] for name in SAVED if name in table}
    rounds = tuple(tuple(parts) for parts in values.pop("rounds", None) or ())
    chunks = len(rounds[0]) if rounds else 1
    feedback = _known(Feedback, table.get("feedback") or {})
    entry = _known(ColumnModel, table)
    return _complete(Column(entry, **values, feedback=feedback, rounds=rounds, chunks=chunks))


def _known(made: type[Value], table: dict[str, Any]) -> Value:
    """Return a value of a table, without unknown keys of a later version."""
    names = {each.name for each in fields(made)}  # type: ignore[arg-type]
    return made(**{name: value for name, value in table.items() if name in names})


@dataclass(frozen=True)
class RatedSummaries:
    """One summary per conversation, with its feedback; `passed_over` counts the other good ones."""

    items: tuple[labelling.Item, ...]
    notes: tuple[str, ...]
    passed_over: int

    @property
    def text(self) -> str:
        """Return the number of summaries, and of the others."""
        written = tr_count(len(self.items), "{n} good summary was written", "{n} good summaries were written")
        if not self.passed_over:
            return written
        others = tr_count(
            self.passed_over,
            "another good one of the same conversations left out",
            "{n} other good ones of the same conversations skipped",
        )
        return tr("{written}, one for each conversation; {others}", written=written, others=others)


def collect(entries: Iterable[HistoryEntry]) -> RatedSummaries:
    """Collect the good summaries, newest first, one per conversation: a corrected one, else the newest.

    What a person wrote is accepted; what a person found good is still a model's draft. A model trained on one
    conversation twice would learn two answers to it.
    """
    chosen: dict[str, tuple[HistoryEntry, Column]] = {}
    found = 0
    for entry in entries:
        for column in entry.good:
            found += 1
            key = entry.conversation.strip()
            if key not in chosen or (column.feedback.edited and not chosen[key][1].feedback.edited):
                chosen[key] = (entry, column)
    items = tuple(_item(number, *pair) for number, pair in enumerate(chosen.values(), start=1))
    notes = tuple(column.feedback.note for _, column in chosen.values())
    return RatedSummaries(items, notes, found - len(items))


def _item(number: int, entry: HistoryEntry, column: Column) -> labelling.Item:
    model = column.entry
    return labelling.Item(
        number=number,
        id=entry.id,
        conversation=entry.conversation,
        given=entry.reference,
        text=column.feedback.edited or column.text,
        state="accepted" if column.feedback.edited else "drafted",
        draft=labelling.Draft(str(entry.base_model.get("id", "")), model.adapter, model.name, column.text),
    )
