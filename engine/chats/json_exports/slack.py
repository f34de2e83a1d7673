"""Slack messages as JSON: a file per day in each channel's folder, and the list of members beside the channels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from engine.chats.chat import Log
from engine.chats.entries import Entry, Names, table, tables, text
from engine.chats.json_exports.base import Export
from engine.text.entities import unescaped

LINK = re.compile(r"<(?P<sigil>[@#!]?)(?P<target>[^<>|]+)(?:\|(?P<label>[^<>]*))?>")
SPOKEN = {"", "bot_message", "thread_broadcast", "me_message", "file_share"}


def is_message(entry: Entry) -> bool:
    """Return whether an entry is a Slack message."""
    has_author = "user" in entry or "username" in entry or "bot_id" in entry
    return entry.get("type") == "message" and "ts" in entry and "text" in entry and has_author


def time_seconds(entry: Entry) -> float:
    """Return a message's time in seconds. The newest message is last in files, first in API answers."""
    try:
        return float(text(entry.get("ts")))
    except ValueError:
        return 0.0


def add_message(entry: Entry, log: Log, names: Names) -> None:
    """Add one message to a log; `names` are people's names by id."""
    user = text(entry.get("user"))
    name = _name(entry) or names.get(user) or user or text(entry.get("bot_id")) or "Slack"
    attached = tables(entry.get("attachments"))
    # Slack itself attaches what stands behind a link.
    own = [each for each in attached if "from_url" not in each and "original_url" not in each]
    said = [text(entry.get("text")), *map(_attached_text, own)]
    markup = "\n".join(filter(None, said)) or "\n".join(_block_texts(entry))
    message = _plain_text(markup, names)
    if text(entry.get("subtype")) not in SPOKEN:
        log.leave_out("system", f"{name}: {message or text(entry.get('subtype'))}")
        return
    log.add_turn(name, message, text(entry.get("ts")))
    for each in tables(entry.get("files")):
        log.leave_out("media", f"{name}: {text(each.get('name') or each.get('title')) or 'file'}")


def _attached_text(attached: Entry) -> str:
    """Return what a program attaches to its message."""
    parts = [text(attached.get(key)) for key in ("pretext", "title", "text")]
    return "\n".join(filter(None, parts)) or text(attached.get("fallback"))


def _block_texts(entry: Entry) -> Iterator[str]:
    """Yield the texts of a message that has no other text than its blocks."""
    for block in tables(entry.get("blocks")):
        parts = [table(block.get("text")), *tables(block.get("fields")), *tables(block.get("elements"))]
        inner = [part for each in parts for part in (each, *tables(each.get("elements")))]
        yield "".join(text(part.get("text")) for part in inner)


def names_in(entries: Sequence[Entry]) -> dict[str, str]:
    """Return the authors' names that messages hold, by id."""
    return {text(entry.get("user")): name for entry in entries if (name := _name(entry))}


def names_of(members: Iterable[Entry]) -> dict[str, str]:
    """Return the members' names by id, from the list beside the channels of an export."""
    named = {text(each.get("id")): _first_name(table(each.get("profile")), each) for each in members}
    return {user: name for user, name in named.items() if user and name}


def _name(entry: Entry) -> str:
    return _first_name(table(entry.get("user_profile")), {}) or text(entry.get("username"))


def _first_name(profile: Entry, member: Entry) -> str:
    """Return a person's name: the display name, else the real name, else the account's name."""
    named = [profile.get("display_name"), profile.get("real_name"), member.get("real_name")]
    named += [profile.get("name"), member.get("name")]
    return next(filter(None, map(text, named)), "")


def _plain_text(markup: str, names: Names) -> str:
    """Return a message as Slack displays it: with names for ids, and links and HTML entities as plain text."""

    def shown(match: re.Match[str]) -> str:
        sigil, target, label = match["sigil"], match["target"], match["label"]
        if sigil == "@":
            return f"@{label or names.get(target, target)}"
        if sigil == "#":
            return f"#{label or target}"
        return label or (f"@{target.split('^')[0]}" if sigil == "!" else target)

    return unescaped(LINK.sub(shown, markup))


EXPORT = Export("slack", "user, text and ts", is_message, add_message, time_seconds, names_in)
