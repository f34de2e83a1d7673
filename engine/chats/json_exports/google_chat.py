"""Google Chat messages, as Takeout exports them."""

from __future__ import annotations

from engine.chats.chat import Log
from engine.chats.entries import Entry, Names, table, tables, text
from engine.chats.json_exports.base import Export


def _is_message(entry: Entry) -> bool:
    return isinstance(entry.get("creator"), dict) and ("created_date" in entry or "message_id" in entry)


def _add_message(entry: Entry, log: Log, _names: Names) -> None:
    creator = table(entry.get("creator"))
    name = text(creator.get("name")) or text(creator.get("email")) or "Google Chat"
    if entry.get("message_state") == "DELETED" or text(creator.get("user_type")) == "System":
        log.leave_out("system", f"{name}: {text(entry.get('text')) or 'deleted message'}")
        return
    log.add_turn(name, text(entry.get("text")), text(entry.get("created_date")).replace("\u202f", " "))
    for each in tables(entry.get("attached_files")):
        log.leave_out(
            "media", f"{name}: {text(each.get('original_name') or each.get('export_name')) or 'file'}"
        )


EXPORT = Export("google_chat", "creator, created_date and text", _is_message, _add_message)
