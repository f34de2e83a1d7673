"""Labelling sets on disk: a folder each, with a journal of all changes.

    set.json              schema, name, source, licence, fingerprint of the conversations, creation time
    conversations.jsonl   the initial conversations, in the order of their source
    journal.jsonl         what an earlier set of the source knew of them, and every change since
    lock                  held by whoever has the set open
    exports/              the data sets that were made of it

A change is in the file before the call returns, so that a killed process loses nothing. A thread syncs the file to the
disk, so that no window waits for it. Knows nothing of models or windows.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from engine.errors import DataError, StorageError, disk_errors
from engine.jobs.events import VERSION, encode, read_all
from engine.jobs.job import new_id
from engine.jobs.journal import Journal
from engine.labelling.items import Draft, History, Item, Step, carried_fields, new_item
from engine.messages import say
from engine.system.files import aside, write_atomically
from engine.system.foreign_files import FileKind, open_regular, parse_json, read_json
from engine.system.paths import expand_user, labelling_folder
from engine.system.validators import has, is_number, is_text
from engine.text.conversations import Example

SCHEMA = 1
ABOUT, CONVERSATIONS, JOURNAL, LOCK = "set.json", "conversations.jsonl", "journal.jsonl", "lock"
PARTIAL = ".partial"
# An open set is in memory: this many conversations of the usual length take about 200 MB.
MAX_CONVERSATIONS = 100_000
MAX_CHARACTERS = 20_000
# The usual length of summaries is measured on this many.
MAX_COMPARED = 200
# After a pause or this many letters, typing becomes a new step for undo.
PAUSE_SECONDS = 1.0
LETTERS_PER_STEP = 60
# With fewer nothing is left to learn from once a conversation is held out for the validation and one for the test.
MIN_FOR_A_RUN = 5
# From here on the tenth that is held out for the test is at least a whole conversation.
ENOUGH_FOR_A_RUN = 10

_is_row = has(dict.fromkeys(("id", "conversation", "summary"), is_text))
_is_about = has(
    {
        **dict.fromkeys(("id", "name", "source", "licence", "fingerprint"), is_text),
        **dict.fromkeys(("schema", "made_at"), is_number),
    }
)


@dataclass(frozen=True)
class SetInfo:
    """A labelling set without its conversations; `fingerprint` is that of the initial ones."""

    id: str
    name: str
    source: str
    licence: str
    fingerprint: str
    made_at: float


@dataclass(frozen=True)
class Progress:
    """The number of conversations of a set by state."""

    accepted: int
    drafted: int
    skipped: int
    open: int

    @property
    def total(self) -> int:
        return self.accepted + self.drafted + self.skipped + self.open


def fingerprint(conversations: Iterable[str]) -> str:
    """Return the SHA-256 of conversations in their order."""
    digest = hashlib.sha256()
    for conversation in conversations:
        encoded = conversation.encode("utf-8", "surrogatepass")
        digest.update(f"{len(encoded)}:".encode())
        digest.update(encoded)
    return digest.hexdigest()


def distinct(examples: Iterable[Example]) -> list[Example]:
    """Return the examples with distinct, non-empty conversations, at most `MAX_CONVERSATIONS`."""
    examples_by_text: dict[str, Example] = {}
    for example in examples:
        text = example.conversation.strip()
        if text and text not in examples_by_text:
            examples_by_text[text] = example
            if len(examples_by_text) == MAX_CONVERSATIONS:
                break
    return list(examples_by_text.values())


def create(
    name: str,
    source: str,
    examples: Iterable[Example],
    licence: str = "",
    known: Mapping[str, Item] | None = None,
) -> SetInfo:
    """Make a labelling set of conversations and return its info; a summary of the source counts as accepted.

    Empty and repeated conversations are left out, and those beyond `MAX_CONVERSATIONS`. Items of an earlier set in
    `known`, by their text, are carried over. Raises StorageError.
    """
    kept_examples = distinct(examples)
    now, known = time.time(), known or {}
    carried_records = [
        {"v": VERSION, "event": "carried", "time": now, "item": number, **carried_fields(item)}
        for number, example in enumerate(kept_examples, start=1)
        if (item := known.get(example.conversation.strip())) is not None
    ]
    about = SetInfo(
        id=new_id(name),
        name=name,
        source=source,
        licence=licence,
        fingerprint=fingerprint(example.conversation for example in kept_examples),
        made_at=now,
    )
    folder = labelling_folder() / about.id
    lines = [encode(_row(example)) for example in kept_examples]
    with (
        disk_errors("The set can't be created: {}.", hint="Free some disk space."),
        aside(folder) as unfinished,
    ):
        unfinished.mkdir()
        write_atomically(unfinished / CONVERSATIONS, b"".join(lines).decode("utf-8"))
        if carried_records:
            write_atomically(unfinished / JOURNAL, b"".join(map(encode, carried_records)).decode("utf-8"))
        write_atomically(unfinished / ABOUT, json.dumps({"schema": SCHEMA, **asdict(about)}, indent=1))
    return about


def known_items(source: str) -> dict[str, Item]:
    """Return the changed items of the set of a source that was changed last, by their text; none if it is damaged.

    The set is only read, whoever has it open.
    """
    about = find(source)
    try:
        items = read(about).items.values() if about is not None else ()
    except StorageError:
        return {}
    return {
        item.conversation.strip(): item
        for item in items
        if item != new_item(item.number, item.id, item.conversation, item.given)
    }


def read(about: SetInfo) -> History:
    """Return the content of a set, whoever has it open. Raises StorageError."""
    folder = labelling_folder() / about.id
    history = History(_first_items(folder))
    for record in read_all(folder / JOURNAL):
        history.apply(record)
    return history


def _row(example: Example) -> dict[str, str]:
    return {"id": example.id, "conversation": example.conversation, "summary": example.summary}


def list_sets() -> list[SetInfo]:
    """Return every readable labelling set, the one that was changed last first."""
    sets = []
    for folder in labelling_folder().iterdir():
        if not folder.name.endswith(PARTIAL):
            with suppress(StorageError, OSError):
                journal = folder / JOURNAL
                changed = (journal if journal.exists() else folder / ABOUT).stat().st_mtime
                sets.append((_read_about(folder), changed))
    return [about for about, _ in sorted(sets, key=lambda pair: pair[1], reverse=True)]


def find(source: str, fingerprint: str = "") -> SetInfo | None:
    """Return the set of a source, with these initial conversations if a fingerprint is given."""
    for about in list_sets():
        if about.source == source and fingerprint in ("", about.fingerprint):
            return about
    return None


def written(source: str) -> tuple[SetInfo, Progress] | None:
    """Return the set of a source that was changed last, and how far it is; None if there is none or it is damaged.

    The set is only read, whoever has it open.
    """
    about = find(str(expand_user(source)))
    with suppress(StorageError):
        return (about, _progress(read(about))) if about is not None else None
    return None


def _progress(history: History) -> Progress:
    return Progress(*(history.counts[state] for state in ("accepted", "drafted", "skipped", "open")))


def _read_about(folder: Path) -> SetInfo:
    """Return the info of a set. Raises StorageError if it can't be read or was made by another version."""
    try:
        return SetInfo(**_facts(folder) | {"id": folder.name})
    except (OSError, ValueError, TypeError) as error:
        raise StorageError(
            say("{} is not a set of conversations.", folder.name), "Choose another one."
        ) from error


def _facts(folder: Path) -> dict[str, Any]:
    """Return what a set tells of itself. Raises OSError and ValueError; StorageError for another version."""
    table = read_json(folder / ABOUT, FileKind.LABELLING)
    if not _is_about(table):
        raise ValueError("its fields are missing or wrong")
    if table.pop("schema") != SCHEMA:
        raise StorageError(say("{} comes from another version.", folder.name), "Open it with that one.")
    return dict(table)


class LabellingSet:
    """An open set. Every change is saved at once; `close` it in the end.

    Methods that change it raise StorageError if the disk does not take the change; it is then not made.
    """

    def __init__(self, set_id: str) -> None:
        """Open a set. Raises StorageError if it is missing or open elsewhere."""
        self.folder = labelling_folder() / set_id
        self.about = _read_about(self.folder)
        self._journal = Journal(self.folder / JOURNAL, {}, "The summaries", self.about.name)
        try:
            self.history = read(self.about)
        except BaseException:
            self._journal.close()
            raise
        self._numbers: dict[str, int] | None = None
        self._has_begun = False
        self._typed_at = 0.0

    def close(self) -> None:
        """Wait until all changes are on the disk and release the set. Raises StorageError if they can't be saved."""
        self._journal.close()

    # Content

    @property
    def items(self) -> list[Item]:
        """All conversations in the order of their numbers."""
        return list(self.history.items.values())

    def item(self, number: int) -> Item:
        """Return one conversation. Raises KeyError."""
        return self.history.items[number]

    def in_state(self, *states: str) -> list[Item]:
        return [item for item in self.items if item.state in states]

    def accepted_last(self) -> list[Item]:
        """Return the conversations that were accepted last, at most `MAX_COMPARED`."""
        numbers = islice(reversed(self.history.accepted), MAX_COMPARED)
        return [self.history.items[number] for number in numbers]

    def progress(self) -> Progress:
        """Return the number of conversations by state."""
        return _progress(self.history)

    # Changes

    def write(self, number: int, text: str) -> None:
        """Save the text of a person; an accepted summary then waits for a decision again."""
        if text == self.item(number).text:
            return
        if len(text) > MAX_CHARACTERS:
            raise DataError(
                say("The summary has {:,} characters.", len(text)),
                say("Use at most {:,}.", MAX_CHARACTERS),
                "summary",
            )
        now = time.monotonic()
        joins = now - self._typed_at <= PAUSE_SECONDS and self._continues_last_step(number, text)
        self._typed_at = now
        self._record("written", item=number, text=text, **({"joins": True} if joins else {}))

    def _continues_last_step(self, number: int, text: str) -> bool:
        """Tell whether a text continues the last step, so that both are undone together."""
        last = self.history.last
        if last is None or self.history.next is not None or last.event != "written":
            return False
        return last.after.number == number and abs(len(text) - len(last.before.text)) <= LETTERS_PER_STEP

    def put_draft(self, number: int, draft: Draft) -> None:
        """Replace the summary by that of a model."""
        self.item(number)
        self._record("drafted", item=number, **asdict(draft))

    def accept(self, number: int) -> None:
        """Accept the summary of a conversation. Raises DataError if it has none."""
        if not self.item(number).text.strip():
            raise DataError("There is no summary yet.", "Write one, or skip.", "summary")
        if self.item(number).state != "accepted":
            self._record("accepted", item=number)

    def skip(self, number: int) -> None:
        """Leave a conversation out; it can be edited again later."""
        if self.item(number).state != "skipped":
            self._record("skipped", item=number)

    def add(self, example: Example) -> int:
        """Add a conversation, unless it is in the set, and return its number, which is its id if it has none.

        Raises DataError for one that is empty or too long for the journal.
        """
        text = example.conversation.strip()
        if not text:
            raise DataError("There is no conversation.", "Choose one that contains text.", "conversation")
        known = self._number_of(text)
        if known is not None:
            return known
        if len(self.history.items) >= MAX_CONVERSATIONS:
            raise DataError(
                say("A set can have {:,} conversations at most.", MAX_CONVERSATIONS), "Start another one."
            )
        number = max(self.history.items, default=0) + 1
        try:
            self._record("added", item=number, **_row(example) | {"id": example.id or str(number)})
        except ValueError as error:
            raise DataError("The conversation is too long.", "Shorten it.") from error
        if self._numbers is not None:
            self._numbers[text] = number
        return number

    def carry(self, known: Item) -> bool:
        """Carry a summary over to its conversation, if that is here and untouched; return whether it was.

        A draft fills an empty place. An accepted summary, which a person wrote, replaces what no person has written.
        """
        number = self._number_of(known.conversation.strip())
        if number is None or self.history.was_changed(number):
            return False
        item = self.item(number)
        is_news = (item.text, item.state) != (known.text, known.state)
        if not is_news or (known.state != "accepted" and (item.text or item.state != "open")):
            return False
        self._record("carried", item=number, **carried_fields(known))
        return True

    def _number_of(self, text: str) -> int | None:
        """Return the number of the conversation with this text, None if it is not in the set."""
        if self._numbers is None:
            items = reversed(self.history.items.values())
            self._numbers = {item.conversation.strip(): item.number for item in items}
        return self._numbers.get(text)

    def undo(self) -> Step | None:
        """Undo the last step and return it, None without one."""
        step = self.history.last
        if step is not None:
            self._record("undone", item=step.after.number)
        return step

    def redo(self) -> Step | None:
        """Redo the step that was undone last and return it, None without one."""
        step = self.history.next
        if step is not None:
            self._record("redone", item=step.after.number)
        return step

    def _record(self, event: str, **facts: Any) -> None:
        """Append a change to the journal and apply it."""
        self._journal.raise_unsynced()
        if not self._has_begun:
            self._has_begun = True
            self.history.apply(self._journal.append("sitting_began"))
        self.history.apply(self._journal.write(event, **facts))


def _first_items(folder: Path) -> Iterator[Item]:
    """Yield the initial conversations of a set."""
    try:
        with open_regular(folder / CONVERSATIONS) as stream:
            for number, line in enumerate(stream, start=1):
                yield _first_item(number, line)
    except (OSError, ValueError) as error:
        raise StorageError(
            say("The conversations of {} can't be read: {}.", folder.name, error),
            "Restore them from a backup.",
        ) from error


def _first_item(number: int, line: bytes) -> Item:
    row = parse_json(line)
    if not _is_row(row):
        raise ValueError(say("line {} is not a conversation", number))
    return new_item(number, row["id"], row["conversation"], row["summary"])
