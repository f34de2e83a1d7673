"""Chats as rows: JSON exports of applications, JSON objects that are one conversation, chats in tables.

Each conversation of a chat is a row without a summary; a pause separates conversations. A file without messages is an
ordinary table, whose places inside cells become columns of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from engine import chats
from engine.chats import MAX_CHARACTERS, Export, ImportStats, Timed, Whole
from engine.data.cells import Place, find_places
from engine.errors import DataError
from engine.messages import say
from engine.worker.readers import json_files
from engine.worker.readers.table import BrokenRow, Found, LinedRow, Notes, Reader
from engine.worker.readers.text_decoding import chunks

# Keys near the beginning of every export: files without one need not be parsed.
MARKS = re.compile(
    r'"(?:ts|author|from|actor|messagetype|messagelist|sender_name|sendername|creator|sender|origin_server_ts|mapping|'
    r'chat_messages|personemail|participants|segments|results|utterances|monologues|transcripts?|words|sentences|speaker_name|phrases|start)"\s*:',
    re.IGNORECASE,
)
# An object that is one conversation is parsed whole, if it has at most so many bytes.
MAX_OBJECT_BYTES = 32 << 20
# Entries that are looked at to recognise an export.
SAMPLE_SIZE = 20
# In a channel's folder, Slack names each file by its day.
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MEMBERS = "users.json"
# Files that Slack writes beside its channels; they hold no messages.
BESIDE_CHANNELS = {
    MEMBERS, "channels.json", "groups.json", "dms.json", "mpims.json", "integration_logs.json", "canvases.json",
    "lists.json", "file_conversations.json", "huddle_transcripts.json", "attachments.json", "workflows.json",
}  # fmt: skip
# Keys of an export for the chat's name.
NAME_KEYS = ("name", "displayName", "title", "room_name")
# These write the time in words.
INEXACT = {"google_chat", "table", "signal"}


def read(path: Path, notes: Notes, pause_hours: float, *, finds_chats: bool = True) -> Iterator[Found]:
    """Yield the rows of a JSON file, or the conversations of its chats, separated by a pause of `pause_hours`.

    With `finds_chats`, rows that are turns by usual names are a chat too, not an application's messages alone.
    """
    whole = _whole(path, notes.encoding) if finds_chats and not notes.sheet else None
    if whole is not None:
        # Only a chat without a summary is parted at pauses.
        notes.done_bytes = path.stat().st_size
        form, log = whole.document.export, chats.Log()
        stats = ImportStats(path.name, form.kind, 0 if whole.summary or not form.order else pause_hours)
        turns = chats.timed_exactly(whole.turns(log))
        yield from conversations(path.stem, turns, stats, notes, whole.summary or None)
        stats.leave_out(log.left_out)
        return
    rows = json_files.read(path, notes)
    first = list(islice(rows, SAMPLE_SIZE))
    entries = chain(first, rows)
    export = chats.find(_entries(first)) or (chats.table_export(_entries(first)) if finds_chats else None)
    if export is not None:
        yield from _chat(_name(path, notes), export, entries, path, notes, pause_hours)
    elif any(map(chats.chat_in, _entries(first))):
        for each in entries:
            if isinstance(each, BrokenRow):
                yield each
            elif account := chats.chat_in(each):
                yield from _chat(account.name, account.export, account.entries, path, notes, pause_hours)
    else:
        yield from _with_places(_entries(first), _with_columns(entries, notes), notes)


def read_table(
    read_rows: Reader, path: Path, notes: Notes, pause_hours: float, *, finds_chats: bool = True
) -> Iterator[Found]:
    """Yield the rows of a table, or its conversations if it is one chat: a row a message, and no other columns."""
    rows = read_rows(path, notes)
    first = list(islice(rows, SAMPLE_SIZE))
    export = chats.table_export(_entries(first)) if finds_chats else None
    if export is None:
        yield from _with_places(_entries(first), chain(first, rows), notes)
    else:
        notes.columns.clear()
        yield from _chat(path.stem, export, chain(first, rows), path, notes, pause_hours)


def read_channel(folder: Path, notes: Notes, pause_hours: float) -> Iterator[Found]:
    """Yield the conversations of a Slack channel: all days together, since a conversation may go on past midnight."""
    days = (path for path in sorted(folder.iterdir()) if is_day(path))
    rows = (
        BrokenRow(say("{}, {}", day.name, each.position), each.reason)
        if isinstance(each, BrokenRow)
        else each
        for day in days
        for each in json_files.read(day, notes)
    )
    first = list(islice(rows, SAMPLE_SIZE))
    export = chats.find(_entries(first))
    if export is not None:
        yield from _chat(folder.name, export, chain(first, rows), folder, notes, pause_hours)
    else:
        yield from _with_columns(chain(first, rows), notes)


def conversations(
    name: str, turns: Iterable[Timed], stats: ImportStats, notes: Notes, summary: str | None = None
) -> Iterator[dict[str, str | None] | BrokenRow]:
    """Yield a row for each conversation of a chat; note how it is segmented, and the counts of its import."""
    for part in stats.following(chats.segment(turns, stats.hours)):
        if not stats.is_segmented:
            notes.reason = "each chat is one conversation"
        else:
            notes.reason = say("a pause of {:g} h starts a new conversation", stats.hours)
        if part.is_cut:
            which = say("the conversation of {}", part.begun) if part.begun else "its conversation"
            yield BrokenRow(which, say("it has more than {:,} characters without a pause", MAX_CHARACTERS))
            continue
        row: dict[str, str | None] = {
            "id": f"{name} {part.begun}" if stats.is_segmented else name,
            "conversation": part.text,
            "summary": summary,
        }
        notes.columns.update(dict.fromkeys(row))
        yield row
    notes.chats.append(stats)


def is_day(path: Path) -> bool:
    """Return whether a file's name is that of one day of a channel."""
    return path.suffix.lower() == ".json" and DAY.fullmatch(path.stem) is not None


def holds_messages(path: Path) -> bool:
    """Return whether a JSON file is a chat export; False for a damaged one, which its reader refuses."""
    try:
        if not MARKS.search(next(chunks(path, Notes()), "")):
            return False
        if _whole(path, "") is not None:
            return True
        first = _entries(list(islice(json_files.read(path, Notes()), SAMPLE_SIZE)))
    except (DataError, OSError, ValueError, RecursionError):
        return False
    return chats.find(first) is not None or any(map(chats.chat_in, first))


def _entries(rows: Iterable[Found]) -> list[Mapping[str, Any]]:
    return [each for each in rows if not isinstance(each, BrokenRow)]


def _with_columns(rows: Iterable[Found], notes: Notes) -> Iterator[Found]:
    """Yield the rows of a table and note their columns."""
    for each in rows:
        if not isinstance(each, BrokenRow):
            notes.columns.update(dict.fromkeys(each))
        yield each


def _whole(path: Path, encoding: str) -> Whole | None:
    """Return the conversation that a file's JSON object is as a whole, None for any other file."""
    notes = Notes(encoding=encoding)
    if path.stat().st_size > MAX_OBJECT_BYTES or not next(chunks(path, notes), "").lstrip().startswith("{"):
        return None
    try:
        return chats.document_in(json.loads("".join(chunks(path, notes))))
    except (DataError, ValueError, RecursionError):
        return None


def _chat(
    name: str, export: Export, rows: Iterable[Found], path: Path, notes: Notes, pause_hours: float
) -> Iterator[Found]:
    """Yield the conversations of one chat, then the entries that can't be read."""
    broken: list[BrokenRow] = []
    # The name of the file, with the chat's own name where it has another.
    title = name if path.is_dir() else path.name if name == path.stem else f'{path.name} ("{name}")'
    log, stats = chats.Log(), ImportStats(title, export.kind, pause_hours)
    turns = export.turns(_valid(rows, broken), _members(path, notes), log)
    timed = chats.timed(turns) if export.kind in INEXACT else chats.timed_exactly(turns)
    yield from conversations(name, timed, stats, notes)
    stats.leave_out(log.left_out)
    yield from broken


def _valid(rows: Iterable[Found], broken: list[BrokenRow]) -> Iterator[Mapping[str, Any]]:
    for each in rows:
        if isinstance(each, BrokenRow):
            broken.append(each)
        else:
            yield each


def _name(path: Path, notes: Notes) -> str:
    """Return the name of a file's chat: the one in the export, else the file's."""
    siblings = notes.siblings
    channel = siblings.get("channel")
    names = [siblings.get(key) for key in NAME_KEYS]
    names += [channel.get("name") if isinstance(channel, dict) else None]
    default = path.parent.name if is_day(path) else path.stem
    return next((name.strip() for name in names if isinstance(name, str) and name.strip()), default)


def _members(path: Path, notes: Notes) -> Mapping[str, str]:
    """Return the names of a workspace's members by id, from a file beside the channel's folder or inside it."""
    for folder in (path, path.parent) if path.is_dir() else (path.parent, path.parent.parent):
        listed = folder / MEMBERS
        if listed.is_file() and listed != path:
            try:
                return chats.names_of(_entries(json_files.read(listed, Notes())))
            except (DataError, OSError, ValueError, RecursionError):
                notes.remarks.append(say("{} can't be read, so speakers are named by id.", listed.name))
    return {}


def _with_places(first: Sequence[Mapping[str, Any]], rows: Iterable[Found], notes: Notes) -> Iterator[Found]:
    """Yield rows with the places that the `first` of them have; add a remark on lists that have more objects later."""
    found = find_places(first)
    if not found:
        yield from rows
        return
    told: set[Place] = set()
    for row in rows:
        if isinstance(row, BrokenRow):
            yield row
            continue
        notes.columns.update((place.name, None) for place in found)
        values = dict(row)
        for place in found:
            value, is_first = place.value(row)
            if value is not None:
                values[place.name] = value
            if is_first and place not in told:
                told.add(place)
                notes.remarks.append(
                    say(
                        'Some rows have several objects in "{}"; "{}" reads the first.',
                        place.keys[0],
                        place.name,
                    )
                )
        yield LinedRow(values, getattr(row, "line", 0))
