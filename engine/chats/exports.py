"""JSON exports of channels and chats: Slack, Teams, Telegram Desktop, DiscordChatExporter.

The playground reads a whole text; a data source reads a file entry by entry. Both use the same `Export`, which
describes the entries of one application.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.chats import slack, teams
from engine.chats.chat import Chat, Kind, LeftOut, Log
from engine.chats.entries import Entry, Names, table, tables, text
from engine.text.conversations import Turn

DISCORD_SPOKEN = {"Default", "Reply", "0", "19", "20"}
# Keys of an export's list of messages; the export of an account holds a list of chats with such lists (`CHATS`).
MESSAGES = ("messages", "value", "MessageList")
CHATS = ("chats", "left_chats", "conversations")
TELEGRAM_MEDIA = ("media_type", "photo", "file", "poll", "contact_information", "location_information")


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
            self.add_message(entry, log, names)
            yield from log.take_turns()


@dataclass(frozen=True)
class Account:
    """One chat of the export of a whole account."""

    name: str
    export: Export
    entries: Sequence[Entry]


def read(content: str) -> Chat | None:
    """Return the chat of a JSON export, None for any other text. Of an account it is the longest chat."""
    if content.lstrip("\ufeff \t\r\n")[:1] not in {"[", "{"}:
        return None
    try:
        parsed = json.loads(content.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return None
    entries = _entries(parsed)
    export = find(entries)
    if export is not None:
        return _chat(export, entries)
    chats = [chat for entry in entries if (chat := chat_in(entry))]
    return _longest(chats) if chats else None


def find(entries: Iterable[Entry]) -> Export | None:
    """Return the export format of these entries, None if they are no messages."""
    known = list(entries)
    return next((export for export in EXPORTS if any(map(export.is_message, known))), None)


def chat_in(entry: Entry) -> Account | None:
    """Return the chat in an entry of an account's export, None if it holds none."""
    # Messages beside a summary are an ordinary example.
    if "summary" in entry:
        return None
    messages = tables(entry.get("MessageList") or entry.get("messages"))
    export = find(messages)
    name = text(entry.get("name")) or text(entry.get("displayName")) or "a chat without a name"
    return Account(name, export, messages) if export else None


def _entries(content: Any) -> list[Entry]:
    """Return the entries of an export: messages, or an account's chats."""
    if not isinstance(content, dict):
        return tables(content)
    for key in CHATS:
        inner = content.get(key)
        listed = tables(inner.get("list") if isinstance(inner, dict) else inner)
        if listed:
            return listed
    return next((entries for key in MESSAGES if (entries := tables(content.get(key)))), [])


def _chat(export: Export, entries: Sequence[Entry]) -> Chat:
    log = Log()
    turns = tuple(export.turns(entries, {}, log))
    reason = f"{len(entries):,} messages with {export.fields}"
    return Chat(export.kind, turns, tuple(log.left_out), reason, len(entries))


def _longest(chats: Sequence[Account]) -> Chat:
    """Return the longest chat; the names of the others are left-out lines."""
    longest = max(chats, key=lambda chat: len(chat.entries))
    others = tuple(LeftOut("chat", chat.name) for chat in chats if chat is not longest)
    result = _chat(longest.export, longest.entries)
    return replace(result, left_out=(*result.left_out, *others))


# -------------------------------------------------------------------------------------------------------- Discord
def _is_discord(entry: Entry) -> bool:
    return isinstance(entry.get("author"), dict) and "content" in entry and "timestamp" in entry


def _add_discord(entry: Entry, log: Log, _names: Names) -> None:
    author, content = table(entry.get("author")), text(entry.get("content"))
    name = text(author.get("nickname")) or text(author.get("name"))
    if text(entry.get("type", "Default")) not in DISCORD_SPOKEN:
        log.leave_out("system", f"{name}: {content or text(entry.get('type'))}")
        return
    log.add_turn(name, content, text(entry.get("timestamp")))
    for kind in ("attachments", "stickers"):
        for each in tables(entry.get(kind)):
            log.leave_out("media", f"{name}: {text(each.get('fileName') or each.get('name')) or kind}")


# ------------------------------------------------------------------------------------------------------- Telegram
def _is_telegram(entry: Entry) -> bool:
    return (
        ("from" in entry or "actor" in entry)
        and "date" in entry
        and text(entry.get("type")) in {"message", "service"}
    )


def _add_telegram(entry: Entry, log: Log, _names: Names) -> None:
    name = text(entry.get("from")) or text(entry.get("actor")) or "Deleted account"
    message = _telegram_text(entry.get("text"))
    if text(entry.get("type")) == "service":
        log.leave_out("system", f"{name}: {text(entry.get('action')) or message}")
        return
    log.add_turn(name, message, text(entry.get("date")))
    media = next((key for key in TELEGRAM_MEDIA if entry.get(key)), None)
    if media:
        what = text(entry["media_type"]) if media == "media_type" else media
        log.leave_out("media", f"{name}: {what.replace('_', ' ')}")


def _telegram_text(value: Any) -> str:
    """Return a message's text, in which links and formatted words are objects."""
    if isinstance(value, list):
        return "".join(
            text(table(part).get("text")) if isinstance(part, dict) else text(part) for part in value
        )
    return text(value)


EXPORTS = (
    Export("discord", "author, content and timestamp", _is_discord, _add_discord),
    Export("telegram", "from, date and text", _is_telegram, _add_telegram),
    Export("teams", "sender, time and body", teams.is_message, teams.add_message, teams.time_seconds),
    Export(
        "slack", "user, text and ts", slack.is_message, slack.add_message, slack.time_seconds, slack.names_in
    ),
)
