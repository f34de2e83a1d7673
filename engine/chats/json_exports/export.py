"""JSON exports of channels, chats and accounts, and JSON objects that are one conversation.

The playground reads a whole text; a data source reads a file entry by entry. Both use the same `Export`, which
describes the entries of one application; the table of all is `EXPORTS`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.chats.chat import Chat, LeftOut, Log
from engine.chats.entries import Entry, tables, text
from engine.chats.json_exports import (
    assistants,
    discord,
    generic,
    google_chat,
    matrix,
    messenger,
    signal_and_webex,
    slack,
    speech,
    teams,
    telegram,
)
from engine.chats.json_exports.base import Account, Document, Export
from engine.text.conversations import Turn

EXPORTS = (
    discord.EXPORT,
    telegram.EXPORT,
    teams.EXPORT,
    messenger.EXPORT,
    google_chat.EXPORT,
    matrix.EXPORT,
    signal_and_webex.SIGNAL,
    signal_and_webex.WEBEX,
    assistants.CHATGPT,
    assistants.CLAUDE,
    slack.EXPORT,
    speech.SENTENCES,
)
DOCUMENTS = (messenger.DOCUMENT, *speech.DOCUMENTS)
# Keys of an export's list of messages; the export of an account holds a list of chats with such lists (`CHATS`).
MESSAGES = ("messages", "value", "MessageList", "items")
CHATS = ("chats", "left_chats", "conversations")


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
    whole = document_in(parsed)
    if whole is not None:
        return whole.chat()
    chats = [chat for entry in entries if (chat := chat_in(entry))]
    return _longest(chats) if chats else None


def find(entries: Iterable[Entry]) -> Export | None:
    """Return the export format of these entries, None if they are no messages."""
    known = list(entries)
    return next((export for export in EXPORTS if any(map(export.is_message, known))), None)


def chat_in(entry: Entry) -> Account | None:
    """Return the chat in an entry of an account's export, None if it holds none."""
    # Messages beside a summary are an ordinary example.
    if "summary" in entry and "chat_messages" not in entry:
        return None
    assisted = assistants.account_in(entry)
    if assisted:
        return assisted
    messages = tables(entry.get("MessageList") or entry.get("messages"))
    export = find(messages)
    name = text(entry.get("name")) or text(entry.get("displayName")) or "a chat without a name"
    return Account(name, export, messages) if export else None


@dataclass(frozen=True)
class Whole:
    """A JSON object that is one conversation: how its parts are read, and the summary that it holds."""

    document: Document
    parts: Sequence[Entry]
    summary: str = ""

    def turns(self, log: Log) -> Iterator[Turn]:
        """Yield its turns."""
        return self.document.turns(self.parts, log)

    def chat(self) -> Chat:
        """Return it as a chat."""
        log = Log()
        turns = tuple(self.turns(log))
        export = self.document.export
        reason = f"{len(self.parts):,} parts with {export.fields}"
        return Chat(export.kind, turns, tuple(log.left_out), reason, len(self.parts))


def document_in(content: Any) -> Whole | None:
    """Return the conversation that a JSON object is as a whole, None for any other value."""
    if not isinstance(content, dict):
        return None
    for document in DOCUMENTS:
        inner = document.inside(content)
        parts = document.entries(inner)
        if parts:
            return Whole(document, parts, generic.summary_of(inner))
    found = generic.conversation_in(content)
    if found is None or find(found[1]) is not None:
        return None
    export, turns, summary = found
    return Whole(Document(export, lambda _: turns), turns, summary)


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
    one = len(entries) == 1
    reason = f"1 message with {export.fields}" if one else f"{len(entries):,} messages with {export.fields}"
    return Chat(export.kind, turns, tuple(log.left_out), reason, len(entries))


def _longest(chats: Sequence[Account]) -> Chat:
    """Return the longest chat; the names of the others are left-out lines."""
    longest = max(chats, key=lambda chat: len(chat.entries))
    others = tuple(LeftOut("chat", chat.name) for chat in chats if chat is not longest)
    result = _chat(longest.export, longest.entries)
    return replace(result, left_out=(*result.left_out, *others))
