"""Matrix events, as Element exports a room."""

from __future__ import annotations

import re

from engine.chats.chat import Log
from engine.chats.entries import Entry, Names, milliseconds, table, text
from engine.chats.json_exports.base import Export

SPOKEN = {"m.text", "m.notice", "m.emote"}
# Of a reply, the lines that quote what it answers.
FALLBACK = re.compile(r"\A(?:> .*\n)+\n?")
ACCOUNT = re.compile(r"^@([^:]+):.+$")


def _is_message(entry: Entry) -> bool:
    return "sender" in entry and "origin_server_ts" in entry and text(entry.get("type")).startswith("m.")


def _time(entry: Entry) -> float:
    return milliseconds(entry.get("origin_server_ts"))


def _add_message(entry: Entry, log: Log, names: Names) -> None:
    sender = text(entry.get("sender"))
    account = ACCOUNT.match(sender)
    name = names.get(sender) or (account[1] if account else sender)
    content = table(entry.get("content"))
    body, kind = text(content.get("body")), text(content.get("msgtype"))
    if text(entry.get("type")) != "m.room.message" or not content:
        log.leave_out("system", f"{name}: {text(entry.get('type'))}")
    elif table(content.get("m.relates_to")).get("rel_type") == "m.replace":
        # The message that it edits stands before it.
        log.leave_out("system", f"{name}: edit")
    elif kind in SPOKEN:
        quoted = FALLBACK.match(body)
        log.leave_out("quote", quoted[0] if quoted else "")
        log.add_turn(name, body[quoted.end() :] if quoted else body, f"{_time(entry):.3f}")
    else:
        log.leave_out("media", f"{name}: {body or kind}")


def _names_in(entries: list[Entry]) -> dict[str, str]:
    """Return the members' names, by their accounts."""
    members = (entry for entry in entries if entry.get("type") == "m.room.member")
    named = {
        text(each.get("state_key")): text(table(each.get("content")).get("displayname")) for each in members
    }
    return {account: name for account, name in named.items() if account and name}


EXPORT = Export(
    "matrix",
    "sender, content and origin_server_ts",
    _is_message,
    _add_message,
    _time,
    lambda each: _names_in([*each]),
)
