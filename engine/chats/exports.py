"""JSON exports of channels and chats: Slack, Teams, Telegram Desktop, DiscordChatExporter.

A text is read whole for the playground; as data the entries come one by one from a reader of files. Both ways, one
`Export` says what an entry means.
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
# The list of messages in an object that is an export; of an account it is a list of chats with such lists.
MESSAGES = ("messages", "value", "MessageList")
CHATS = ("chats", "left_chats", "conversations")
TELEGRAM_MEDIA = ("media_type", "photo", "file", "poll", "contact_information", "location_information")


@dataclass(frozen=True)
class Export:
    """How one application writes the entries of an export.

    `holds` tells its messages from anything else, `take` adds one to a log. Entries that may not stand in the order of
    their times are sorted by `order`. `names_in` finds names for ids in the entries themselves.
    """

    kind: Kind
    shown: str
    holds: Callable[[Entry], bool]
    take: Callable[[Entry, Log, Names], None]
    order: Callable[[Entry], float] | None = None
    names_in: Callable[[Sequence[Entry]], Names] = lambda _: {}

    def turns(self, entries: Iterable[Entry], names: Names, log: Log) -> Iterator[Turn]:
        """Give what is said in entries, as they are read if these are in order; `log` gathers what no one said.

        `names` are those known for ids.
        """
        if self.order is not None:
            entries = sorted(entries, key=self.order)
            names = {**names, **self.names_in(entries)}
        for entry in entries:
            self.take(entry, log, names)
            yield from log.taken()


@dataclass(frozen=True)
class Account:
    """One chat of the export of a whole account."""

    name: str
    export: Export
    entries: Sequence[Entry]


def read(content: str) -> Chat | None:
    """Return what a JSON export holds, None for any other text; of an account that is its longest chat."""
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
    """Return the export that entries are of, None if they are something else."""
    known = list(entries)
    return next((export for export in EXPORTS if any(map(export.holds, known))), None)


def chat_in(entry: Entry) -> Account | None:
    """Return the chat that an entry of an account's export is, None for anything else."""
    # Messages beside a summary are an example as others are.
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
    reason = f"{len(entries):,} messages with {export.shown}"
    return Chat(export.kind, turns, tuple(log.left_out), reason, len(entries))


def _longest(chats: Sequence[Account]) -> Chat:
    """Return the longest chat; the others are named as left out."""
    longest = max(chats, key=lambda chat: len(chat.entries))
    others = tuple(LeftOut("chat", chat.name) for chat in chats if chat is not longest)
    result = _chat(longest.export, longest.entries)
    return replace(result, left_out=(*result.left_out, *others))


# -------------------------------------------------------------------------------------------------------- Discord
def _is_discord(entry: Entry) -> bool:
    return isinstance(entry.get("author"), dict) and "content" in entry and "timestamp" in entry


def _take_discord(entry: Entry, log: Log, _names: Names) -> None:
    author, content = table(entry.get("author")), text(entry.get("content"))
    name = text(author.get("nickname")) or text(author.get("name"))
    if text(entry.get("type", "Default")) not in DISCORD_SPOKEN:
        log.leave_out("system", f"{name}: {content or text(entry.get('type'))}")
        return
    log.say(name, content, text(entry.get("timestamp")))
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


def _take_telegram(entry: Entry, log: Log, _names: Names) -> None:
    name = text(entry.get("from")) or text(entry.get("actor")) or "Deleted account"
    message = _telegram_text(entry.get("text"))
    if text(entry.get("type")) == "service":
        log.leave_out("system", f"{name}: {text(entry.get('action')) or message}")
        return
    log.say(name, message, text(entry.get("date")))
    media = next((key for key in TELEGRAM_MEDIA if entry.get(key)), None)
    if media:
        what = text(entry["media_type"]) if media == "media_type" else media
        log.leave_out("media", f"{name}: {what.replace('_', ' ')}")


def _telegram_text(value: Any) -> str:
    """Return a message's text; links and bold words stand in it as objects."""
    if isinstance(value, list):
        return "".join(
            text(table(part).get("text")) if isinstance(part, dict) else text(part) for part in value
        )
    return text(value)


EXPORTS = (
    Export("discord", "author, content and timestamp", _is_discord, _take_discord),
    Export("telegram", "from, date and text", _is_telegram, _take_telegram),
    Export("teams", "sender, time and body", teams.holds, teams.take, teams.order),
    Export("slack", "user, text and ts", slack.holds, slack.take, slack.order, slack.names_in),
)
