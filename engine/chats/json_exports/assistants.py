"""Conversations with ChatGPT and Claude, from the exports of their accounts."""

from __future__ import annotations

from collections.abc import Iterator

from engine.chats.chat import Log
from engine.chats.entries import Entry, Names, table, tables, text
from engine.chats.json_exports.base import Account, Export

SPOKEN = {"text", "multimodal_text", "code"}
NO_TITLE = "a conversation without a title"


def account_in(entry: Entry) -> Account | None:
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
    if role not in {"user", "assistant"} or is_hidden or text(content.get("content_type")) not in SPOKEN:
        log.leave_out("system", f"{role}: {message}" if message else "")
        return
    log.add_turn(role.capitalize(), message, text(entry.get("create_time")))
    for _ in tables(parts):
        log.leave_out("media", f"{role}: picture")


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
