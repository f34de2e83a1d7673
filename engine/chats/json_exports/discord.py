"""Discord messages as DiscordChatExporter writes them."""

from __future__ import annotations

from engine.chats.chat import Log
from engine.chats.entries import Entry, Names, table, tables, text
from engine.chats.json_exports.base import Export

SPOKEN = {"Default", "Reply", "0", "19", "20"}


def _is_message(entry: Entry) -> bool:
    return isinstance(entry.get("author"), dict) and "content" in entry and "timestamp" in entry


def _add_message(entry: Entry, log: Log, _names: Names) -> None:
    author, content = table(entry.get("author")), text(entry.get("content"))
    name = text(author.get("nickname")) or text(author.get("name"))
    if text(entry.get("type", "Default")) not in SPOKEN:
        log.leave_out("system", f"{name}: {content or text(entry.get('type'))}")
        return
    log.add_turn(name, content, text(entry.get("timestamp")))
    for kind in ("attachments", "stickers"):
        for each in tables(entry.get(kind)):
            log.leave_out("media", f"{name}: {text(each.get('fileName') or each.get('name')) or kind}")


EXPORT = Export("discord", "author, content and timestamp", _is_message, _add_message)
