"""Untrusted values of JSON, the form of one application's entries, and of documents that hold one conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.chats.chat import Kind, Log
from engine.chats.timestamps import moment
from engine.text.conversations import Turn

Entry = Mapping[str, Any]
# People's names by their ids.
Names = Mapping[str, str]


def text(value: Any) -> str:
    """Return a string or number as text, "" for anything else."""
    return value if isinstance(value, str) else str(value) if isinstance(value, (int, float)) else ""


def table(value: Any) -> Entry:
    """Return a JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def tables(value: Any) -> list[Entry]:
    """Return the JSON objects in a list, none for anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def milliseconds(value: Any) -> float:
    """Return a time in milliseconds since 1970, a number or its text, in seconds; 0 for anything else."""
    try:
        return float(value) / 1000 if isinstance(value, (int, float, str)) else 0.0
    except (ValueError, OverflowError):
        return 0.0


def seconds(time: str) -> float:
    """Return the seconds since 1970 of an exact time, 0 for any other text."""
    when = moment(time)
    return when.timestamp() if when else 0.0


@dataclass(frozen=True)
class Export:
    """The format of one application's entries.

    `is_message` recognises its messages, and `add` adds one to a log. Entries that may be out of order are sorted by
    `order`. `names_in` returns the speakers' names that entries hold, by id.
    """

    kind: Kind
    fields: str
    is_message: Callable[[Entry], bool]
    add_message: Callable[[Entry, Log, Names], None]
    order: Callable[[Entry], float] | None = None
    names_in: Callable[[Sequence[Entry]], Names] = lambda _: {}

    def turns(self, entries: Iterable[Entry], names: Names, log: Log) -> Iterator[Turn]:
        """Yield the turns of entries, as they are read if no sorting is needed; `log` collects the left-out lines.

        `names` are the names already known, by id.
        """
        if self.order is not None:
            entries = sorted(entries, key=self.order)
            names = {**names, **self.names_in(entries)}
        for entry in entries:
            log.headers += 1
            self.add_message(entry, log, names)
            yield from log.take_turns()


@dataclass(frozen=True)
class Account:
    """One chat of the export of a whole account."""

    name: str
    export: Export
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Document:
    """The format of a JSON object that is one conversation as a whole.

    `inside` returns the object within, which may hold a summary too. `entries` returns its parts in order, none for
    another object; `export` reads them. Its turns go on where the same speaker does, `joins` says.
    """

    export: Export
    entries: Callable[[Entry], Sequence[Entry]]
    joins: bool = False
    inside: Callable[[Entry], Entry] = lambda document: document

    def turns(self, parts: Sequence[Entry], log: Log) -> Iterator[Turn]:
        """Yield the turns of a document's parts."""
        if not self.joins:
            yield from self.export.turns(parts, {}, log)
            return
        pending: Turn | None = None
        for turn in self.export.turns(parts, {}, log):
            if pending and turn.speaker == pending.speaker:
                pending = Turn(pending.speaker, f"{pending.text} {turn.text}", pending.time)
            else:
                if pending:
                    yield pending
                pending = turn
        if pending:
            yield pending
