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
from engine.chats.json_exports import generic, messengers, speech
from engine.chats.json_exports.base import Account, Document, Entry, Export, Names, table, tables, text
from engine.messages import counted, say
from engine.text.conversations import Turn

CHATGPT_SPOKEN = {"text", "multimodal_text", "code"}
NO_TITLE = "a conversation without a title"


def _assistant_chat(entry: Entry) -> Account | None:
    """Return the conversation in an entry of an account's export, None if it is none."""
    name = text(entry.get("title")) or text(entry.get("name")) or NO_TITLE
    if isinstance(entry.get("mapping"), dict):
        return Account(name, CHATGPT, list(_branch(entry)))
    messages = tables(entry.get("chat_messages"))
    return Account(name, CLAUDE, messages) if messages or "chat_messages" in entry else None


def _branch(entry: Entry) -> Iterator[Entry]:
    """Yield the messages of the branch that was shown last, from its beginning.

    Nodes may name their parents, their children or neither; pieces that nothing links follow each other in time.
    """
    nodes = {key: table(node) for key, node in table(entry.get("mapping")).items()}
    parents = {child: key for key, node in nodes.items() for child in _children(node)}
    parents |= {key: parent for key, node in nodes.items() if (parent := text(node.get("parent"))) in nodes}
    messages = {key: message for key, node in nodes.items() if (message := table(node.get("message")))}
    if sum(key not in parents for key in messages) > 1:
        return iter(sorted(messages.values(), key=_seconds))
    at = text(entry.get("current_node"))
    if at not in nodes:
        at = next((key for key in reversed(nodes) if not _children(nodes[key])), "")
    path: list[Entry] = []
    seen: set[str] = set()
    while at and at not in seen:
        seen.add(at)
        path.append(messages.get(at, {}))
        at = parents.get(at, "")
    return (message for message in reversed(path) if message)


def _children(node: Entry) -> list[str]:
    children = node.get("children")
    return list(map(text, children)) if isinstance(children, list) else []


def _seconds(message: Entry) -> float:
    when = message.get("create_time")
    return when if isinstance(when, (int, float)) else 0.0


def _is_chatgpt(entry: Entry) -> bool:
    return "role" in table(entry.get("author")) and "parts" in table(entry.get("content"))


def _add_chatgpt(entry: Entry, log: Log, _names: Names) -> None:
    role, content = text(table(entry.get("author")).get("role")), table(entry.get("content"))
    parts = content.get("parts")
    said = [part for part in parts if isinstance(part, str)] if isinstance(parts, list) else []
    is_hidden = table(entry.get("metadata")).get("is_visually_hidden_from_conversation")
    message = "\n".join(said)
    if (
        role not in {"user", "assistant"}
        or is_hidden
        or text(content.get("content_type")) not in CHATGPT_SPOKEN
    ):
        log.leave_out("system", f"{role}: {message}" if message else "")
        return
    log.add_turn(role.capitalize(), message, text(entry.get("create_time")))
    for _ in tables(parts):
        log.leave_out("media", say("{}: picture", role))


def _is_claude(entry: Entry) -> bool:
    return text(entry.get("sender")) in {"human", "assistant"} and "created_at" in entry


def _add_claude(entry: Entry, log: Log, _names: Names) -> None:
    parts = [text(part.get("text")) for part in tables(entry.get("content")) if part.get("type") == "text"]
    message = text(entry.get("text")) or "\n".join(filter(None, parts))
    log.add_turn(text(entry.get("sender")).capitalize(), message, text(entry.get("created_at")))
    for each in tables(entry.get("attachments")) + tables(entry.get("files")):
        log.leave_out("media", text(each.get("file_name")) or "attachment")


CHATGPT = Export("chatgpt", "author, content and create_time", _is_chatgpt, _add_chatgpt)
CLAUDE = Export("claude", "sender, text and created_at", _is_claude, _add_claude)


EXPORTS = (
    messengers.DISCORD,
    messengers.TELEGRAM,
    messengers.TEAMS,
    messengers.MESSENGER,
    messengers.GOOGLE_CHAT,
    messengers.MATRIX,
    messengers.SIGNAL,
    messengers.WEBEX,
    CHATGPT,
    CLAUDE,
    messengers.SLACK,
    speech.SENTENCES,
    speech.SEGMENTS,
)
DOCUMENTS = (messengers.MESSENGER_DOCUMENT, *speech.DOCUMENTS)
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
    if not chats:
        return None
    longest = max(chats, key=lambda chat: len(chat.entries))
    others = (LeftOut("chat", chat.name) for chat in chats if chat is not longest)
    result = _chat(longest.export, longest.entries)
    return replace(result, left_out=(*result.left_out, *others))


def find(entries: Iterable[Entry]) -> Export | None:
    """Return the export format of these entries, None if they are no messages."""
    known = list(entries)
    return next((export for export in EXPORTS if any(map(export.is_message, known))), None)


def chat_in(entry: Entry) -> Account | None:
    """Return the chat in an entry of an account's export, None if it holds none."""
    # Messages beside a summary are an ordinary example.
    if "summary" in entry and "chat_messages" not in entry:
        return None
    assisted = _assistant_chat(entry)
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
        reason = say("{:,} parts with {}", len(self.parts), export.fields)
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
    reason = say("{} with {}", counted(len(entries), "message"), export.fields)
    return Chat(export.kind, turns, tuple(log.left_out), reason, len(entries))
