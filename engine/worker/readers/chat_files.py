"""Chats as rows: JSON exports of Slack, Teams, Discord and Telegram, and whatever else is read as a chat.

Each conversation of a chat is a row without a summary: the next one begins after a pause. A JSON file whose entries
are no messages is a table like others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

from engine import chats
from engine.chats import Account, Export, ImportStats, Timed
from engine.errors import DataError
from engine.worker.readers import json_files
from engine.worker.readers.json_files import Found
from engine.worker.readers.table import Broken, Notes
from engine.worker.readers.text_decoding import chunks

# What stands in the beginning of every export, so that other files need not be looked into.
MARKS = re.compile(r'"(?:ts|author|from|actor|messagetype|messagelist)"\s*:', re.IGNORECASE)
# Entries by which a file is known.
LOOKED_AT = 20
# In a channel's folder, Slack names files after their day.
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MEMBERS = "users.json"
# What Slack writes beside its channels, and in what there are no messages.
BESIDE_CHANNELS = {
    MEMBERS, "channels.json", "groups.json", "dms.json", "mpims.json", "integration_logs.json", "canvases.json",
    "lists.json", "file_conversations.json", "huddle_transcripts.json", "attachments.json", "workflows.json",
}  # fmt: skip
# Names under which an export tells how its chat is called.
NAMED_IN = ("name", "displayName")


def read(path: Path, notes: Notes, hours: float) -> Iterator[Found]:
    """Yield the rows of a JSON file, or the conversations of the chats in it; `hours` are the pause that parts them."""
    found = json_files.read(path, notes)
    first = list(islice(found, LOOKED_AT))
    whole = chain(first, found)
    export = chats.find(_entries(first))
    if export is not None:
        yield from _chat(_name(path, notes), export, whole, path, notes, hours)
    elif any(map(chats.chat_in, _entries(first))):
        yield from _account(whole, path, notes, hours)
    else:
        yield from _noted(whole, notes)


def read_channel(folder: Path, notes: Notes, hours: float) -> Iterator[Found]:
    """Yield the conversations of a channel of Slack: all days together, since a conversation knows no midnight."""
    days = (path for path in sorted(folder.iterdir()) if is_day(path))
    found = (_placed(each, day) for day in days for each in json_files.read(day, notes))
    first = list(islice(found, LOOKED_AT))
    export = chats.find(_entries(first))
    if export is not None:
        yield from _chat(folder.name, export, chain(first, found), folder, notes, hours)
    else:
        yield from _noted(chain(first, found), notes)


def conversations(
    name: str, said: Iterable[Timed], stats: ImportStats, notes: Notes
) -> Iterator[dict[str, str | None]]:
    """Yield a row for each conversation of a chat, and note how it is parted and what becomes of it."""
    for part in stats.following(chats.segment(said, stats.hours)):
        notes.reason = _reason(stats)
        row = {
            "id": f"{name} {part.begun}" if stats.is_segmented else name,
            "conversation": part.text,
            "summary": None,
        }
        notes.columns.update(dict.fromkeys(row))
        yield row
    notes.chats.append(stats)


def _reason(stats: ImportStats) -> str:
    if not stats.is_segmented:
        return "each chat is one conversation"
    hours = f"{stats.hours:g} {'hour' if stats.hours == 1 else 'hours'}"
    return f"a chat's next conversation begins after a pause of {hours}"


def is_day(path: Path) -> bool:
    """Tell a file of one day of a channel by its name."""
    return path.suffix.lower() == ".json" and DAY.fullmatch(path.stem) is not None


def holds_messages(path: Path) -> bool:
    """Tell whether a JSON file is an export of chats; a damaged one is for its reader to refuse."""
    try:
        if not MARKS.search(next(chunks(path, Notes()), "")):
            return False
        first = _entries(list(islice(json_files.read(path, Notes()), LOOKED_AT)))
    except (DataError, OSError, ValueError, RecursionError):
        return False
    return chats.find(first) is not None or any(map(chats.chat_in, first))


def _entries(found: Iterable[Found]) -> list[Mapping[str, Any]]:
    return [each for each in found if not isinstance(each, Broken)]


def _noted(found: Iterable[Found], notes: Notes) -> Iterator[Found]:
    """Yield rows of a table, and note their columns."""
    for each in found:
        if not isinstance(each, Broken):
            notes.columns.update(dict.fromkeys(each))
        yield each


def _placed(found: Found, day: Path) -> Found:
    return Broken(f"{day.name}, {found.place}", found.why) if isinstance(found, Broken) else found


def _chat(
    name: str, export: Export, found: Iterable[Found], path: Path, notes: Notes, hours: float
) -> Iterator[Found]:
    """Yield the conversations of one chat, then the entries that can't be read."""
    broken: list[Broken] = []
    log, stats = chats.Log(), ImportStats(_place(path, name), export.kind, hours)
    turns = export.turns(_sound(found, broken), _members(path, notes), log)
    yield from conversations(name, chats.timed_exactly(turns), stats, notes)
    stats.leave_out(log.left_out)
    yield from broken


def _account(found: Iterable[Found], path: Path, notes: Notes, hours: float) -> Iterator[Found]:
    """Yield the conversations of all chats of an account."""
    for each in found:
        chat: Account | None = None if isinstance(each, Broken) else chats.chat_in(each)
        if chat is not None:
            yield from _chat(chat.name, chat.export, chat.entries, path, notes, hours)
        elif isinstance(each, Broken):
            yield each


def _sound(found: Iterable[Found], broken: list[Broken]) -> Iterator[Mapping[str, Any]]:
    for each in found:
        if isinstance(each, Broken):
            broken.append(each)
        else:
            yield each


def _place(path: Path, name: str) -> str:
    """Return what to call a chat in a remark: a file by its name, with the chat's beside where it has another."""
    return name if path.is_dir() else path.name if name == path.stem else f'{path.name} ("{name}")'


def _name(path: Path, notes: Notes) -> str:
    """Return how the chat of a file is called: as it says itself, else by the file's name."""
    beside = notes.beside
    channel = beside.get("channel")
    told = [beside.get(key) for key in NAMED_IN]
    told += [channel.get("name") if isinstance(channel, dict) else None]
    own = path.parent.name if is_day(path) else path.stem
    return next((name.strip() for name in told if isinstance(name, str) and name.strip()), own)


def _members(path: Path, notes: Notes) -> Mapping[str, str]:
    """Return the names of a workspace's members, by id: beside a channel's folder, or beside a file of it."""
    for folder in (path, path.parent) if path.is_dir() else (path.parent, path.parent.parent):
        listed = folder / MEMBERS
        if listed.is_file() and listed != path:
            try:
                return chats.names_of(_entries(json_files.read(listed, Notes())))
            except (DataError, OSError, ValueError, RecursionError):
                notes.remarks.append(f"{listed.name} can't be read: who wrote what is told by ids.")
    return {}
