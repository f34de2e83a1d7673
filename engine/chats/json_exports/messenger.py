"""Messages of Facebook Messenger and Instagram, as both let one download them."""

from __future__ import annotations

import re

from engine.chats.chat import Log
from engine.chats.entries import Entry, Names, milliseconds, table, tables, text
from engine.chats.json_exports.base import Document, Export

MEDIA = ("photos", "videos", "audio_files", "gifs", "files", "sticker", "share", "media")
EVENTS = re.compile(
    r"^(?:.{1,60} (?:reacted .{1,12} to your message|liked a message|named the group .*|"
    r"(?:changed|set) (?:the|your|his|her|their) (?:theme|nickname|emoji|group photo|quick reaction).*|"
    r"(?:added|removed) .{1,60} (?:to|from) the group.*|(?:joined|left) the (?:group|call|video chat)\.?|"
    r"(?:missed|started) (?:a|your) (?:video |audio )?(?:call|chat).*|"
    r"sent (?:an attachment|a (?:photo|video|live location))\.?|"
    r"unsent a message\.?)|"
    r"you (?:are now connected on messenger|missed a call.*|sent an attachment\.?)|liked a message|"
    r"reacted .{1,12} to your message ?)$",
    re.IGNORECASE,
)


def _is_message(entry: Entry) -> bool:
    downloaded = "sender_name" in entry and "timestamp_ms" in entry
    encrypted = "senderName" in entry and "timestamp" in entry and "isUnsent" in entry
    return downloaded or encrypted


def _time(entry: Entry) -> float:
    return milliseconds(entry.get("timestamp_ms", entry.get("timestamp")))


def _add_message(entry: Entry, log: Log, _names: Names) -> None:
    name = repaired(text(entry.get("sender_name")) or text(entry.get("senderName"))) or "Deleted account"
    content = repaired(text(entry.get("content")) or text(entry.get("text")))
    if (
        entry.get("is_unsent")
        or entry.get("isUnsent")
        or EVENTS.match(content)
        or entry.get("call_duration") is not None
    ):
        log.leave_out("system", f"{name}: {content or 'unsent message'}")
        return
    log.add_turn(name, content, f"{_time(entry):.3f}")
    for key in MEDIA:
        for each in tables(entry.get(key)) or (
            [table(entry[key])] if isinstance(entry.get(key), dict) else []
        ):
            log.leave_out("media", f"{name}: {text(each.get('uri') or each.get('link')) or key}")


def repaired(damaged: str) -> str:
    """Return a text whose UTF-8 bytes were written as single characters as it was meant."""
    if damaged.isascii():
        return damaged
    try:
        return damaged.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return damaged


def _messages(document: Entry) -> list[Entry]:
    messages = tables(document.get("messages"))
    return messages if "participants" in document and any(map(_is_message, messages[:20])) else []


EXPORT = Export("messenger", "sender_name, timestamp_ms and content", _is_message, _add_message, _time)
# Its object holds two lists, the participants and the messages.
DOCUMENT = Document(EXPORT, _messages)
