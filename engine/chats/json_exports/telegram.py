"""Telegram messages as Telegram Desktop exports them in JSON."""

from __future__ import annotations

from typing import Any

from engine.chats.chat import Log
from engine.chats.entries import Entry, Names, table, text
from engine.chats.json_exports.base import Export

MEDIA = ("media_type", "photo", "file", "poll", "contact_information", "location_information")


def _is_message(entry: Entry) -> bool:
    return (
        ("from" in entry or "actor" in entry)
        and "date" in entry
        and "text" in entry
        and text(entry.get("type")) in {"message", "service"}
    )


def _add_message(entry: Entry, log: Log, _names: Names) -> None:
    name = text(entry.get("from")) or text(entry.get("actor")) or "Deleted account"
    message = _plain_text(entry.get("text"))
    if text(entry.get("type")) == "service":
        log.leave_out("system", f"{name}: {text(entry.get('action')) or message}")
        return
    log.add_turn(name, message, text(entry.get("date")))
    media = next((key for key in MEDIA if entry.get(key)), None)
    if media:
        what = text(entry["media_type"]) if media == "media_type" else media
        log.leave_out("media", f"{name}: {what.replace('_', ' ')}")


def _plain_text(value: Any) -> str:
    """Return a message's text, in which links and formatted words are objects."""
    if isinstance(value, list):
        return "".join(
            text(table(part).get("text")) if isinstance(part, dict) else text(part) for part in value
        )
    return text(value)


EXPORT = Export("telegram", "from, date and text", _is_message, _add_message)
