"""JSON exports of channels and chats: Slack, Telegram Desktop, DiscordChatExporter."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from engine.chats.chat import Chat, Log

SLACK_LINK = re.compile(r"<(?P<sigil>[@#!]?)(?P<target>[^<>|]+)(?:\|(?P<label>[^<>]*))?>")
SLACK_SPOKEN = {"", "bot_message", "thread_broadcast", "me_message", "file_share"}
DISCORD_SPOKEN = {"Default", "Reply", "0", "19", "20"}
Entry = Mapping[str, Any]


def read(text: str) -> Chat | None:
    """Return what a JSON export holds, None for any other text."""
    if text.lstrip("\ufeff \t\r\n")[:1] not in {"[", "{"}:
        return None
    try:
        content = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return None
    if isinstance(content, dict) and "chats" in content:
        return _telegram_account(content)
    messages = content.get("messages") if isinstance(content, dict) else content
    if not isinstance(messages, list):
        return None
    entries = [entry for entry in messages if isinstance(entry, dict)]
    for holds, reader in ((_is_discord, _discord), (_is_telegram, _telegram), (_is_slack, _slack)):
        if any(holds(entry) for entry in entries):
            return reader(entries)
    return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, (int, float)) else ""


def _table(value: Any) -> Entry:
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> list[Entry]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


# -------------------------------------------------------------------------------------------------------- Discord
def _is_discord(entry: Entry) -> bool:
    return "author" in entry and "content" in entry and "timestamp" in entry


def _discord(entries: Sequence[Entry]) -> Chat:
    log = Log()
    for entry in entries:
        author, content = _table(entry.get("author")), _text(entry.get("content"))
        name = _text(author.get("nickname")) or _text(author.get("name"))
        if _text(entry.get("type", "Default")) not in DISCORD_SPOKEN:
            log.leave_out("system", f"{name}: {content or _text(entry.get('type'))}")
            continue
        log.say(name, content, _text(entry.get("timestamp")))
        for kind in ("attachments", "stickers"):
            for each in _tables(entry.get(kind)):
                log.leave_out("media", f"{name}: {_text(each.get('fileName') or each.get('name')) or kind}")
    return log.chat("discord", len(entries), f"{len(entries):,} messages with author, content and timestamp")


# ------------------------------------------------------------------------------------------------------- Telegram
def _is_telegram(entry: Entry) -> bool:
    return (
        ("from" in entry or "actor" in entry)
        and "date" in entry
        and _text(entry.get("type")) in {"message", "service"}
    )


def _telegram(entries: Sequence[Entry]) -> Chat:
    log = Log()
    for entry in entries:
        name = _text(entry.get("from")) or _text(entry.get("actor")) or "Deleted account"
        said = _telegram_text(entry.get("text"))
        if _text(entry.get("type")) == "service":
            log.leave_out("system", f"{name}: {_text(entry.get('action')) or said}")
            continue
        log.say(name, said, _text(entry.get("date")))
        media = next((key for key in ("media_type", "photo", "file", "poll") if entry.get(key)), None)
        if media:
            what = _text(entry["media_type"]).replace("_", " ") if media == "media_type" else media
            log.leave_out("media", f"{name}: {what}")
    return log.chat("telegram", len(entries), f"{len(entries):,} messages with from, date and text")


def _telegram_text(value: Any) -> str:
    """Return a message's text; links and bold words stand in it as objects."""
    if isinstance(value, list):
        return "".join(
            _text(_table(part).get("text")) if isinstance(part, dict) else _text(part) for part in value
        )
    return _text(value)


def _telegram_account(content: Entry) -> Chat | None:
    """Return the longest chat of an export of a whole account; the others are named as left out."""
    chats = _tables(_table(content["chats"]).get("list"))
    chats = [chat for chat in chats if any(map(_is_telegram, _tables(chat.get("messages"))))]
    if not chats:
        return None
    longest = max(chats, key=lambda chat: len(chat["messages"]))
    read_one = _telegram(_tables(longest["messages"]))
    log = Log()
    for chat in chats:
        if chat is not longest:
            log.leave_out("chat", _text(chat.get("name")) or "a chat without a name")
    return Chat(
        "telegram", read_one.turns, (*read_one.left_out, *log.left_out), read_one.reason, read_one.headers
    )


# ---------------------------------------------------------------------------------------------------------- Slack
def _is_slack(entry: Entry) -> bool:
    return "ts" in entry and "text" in entry and ("user" in entry or "username" in entry or "bot_id" in entry)


def _slack(entries: Sequence[Entry]) -> Chat:
    names = {_text(entry.get("user")): _slack_name(entry) for entry in entries if _slack_name(entry)}
    log = Log()
    # Files of a day hold the newest message last, answers of the interface first.
    for entry in sorted(entries, key=_slack_time):
        user = _text(entry.get("user"))
        name = _slack_name(entry) or names.get(user) or user or _text(entry.get("bot_id")) or "Slack"
        said = _slack_text(_text(entry.get("text")), names)
        if _text(entry.get("subtype")) not in SLACK_SPOKEN:
            log.leave_out("system", f"{name}: {said or _text(entry.get('subtype'))}")
            continue
        log.say(name, said, _text(entry.get("ts")))
        for each in _tables(entry.get("files")):
            log.leave_out("media", f"{name}: {_text(each.get('name') or each.get('title')) or 'file'}")
    return log.chat("slack", len(entries), f"{len(entries):,} messages with user, text and ts")


def _slack_name(entry: Entry) -> str:
    profile = _table(entry.get("user_profile"))
    named = (
        profile.get("display_name"),
        profile.get("real_name"),
        profile.get("name"),
        entry.get("username"),
    )
    return next(filter(None, map(_text, named)), "")


def _slack_time(entry: Entry) -> float:
    try:
        return float(_text(entry.get("ts")))
    except ValueError:
        return 0.0


def _slack_text(text: str, names: Mapping[str, str]) -> str:
    """Return a text with names for ids, and links and signs as they are read."""

    def shown(match: re.Match[str]) -> str:
        sigil, target, label = match["sigil"], match["target"], match["label"]
        if sigil == "@":
            return f"@{label or names.get(target, target)}"
        if sigil == "#":
            return f"#{label or target}"
        return label or (f"@{target.split('^')[0]}" if sigil == "!" else target)

    return html.unescape(SLACK_LINK.sub(shown, text))
