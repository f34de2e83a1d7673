"""Microsoft Teams messages as JSON: from Graph, from scripts over Graph, and from the export of a personal account."""

from __future__ import annotations

import re
from typing import Any

from engine.chats.chat import Log
from engine.chats.entries import Entry, Names, table, tables, text
from engine.chats.json_exports.base import Export
from engine.chats.timestamps import moment
from engine.text.entities import unescaped

SPOKEN = {"message", "text", "richtext", "richtext/html"}
MEDIA = ("richtext/uriobject", "richtext/media")
# Every tag, in one pass: a tag that never ends must not be looked for again from each of its characters.
TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)([^<>]*)>", re.IGNORECASE)
# Quotations of the message that is answered.
QUOTES = ("legacyquote", "blockquote")
PICTURES = {"img", "video", "audio"}
SIGN = re.compile(r"\balt=\"([^\"]*)\"", re.IGNORECASE)
BREAKS = {"/p", "/div", "/li", "/tr", *(f"/h{level}" for level in range(10))}


def is_message(entry: Entry) -> bool:
    """Return whether an entry is a Teams message."""
    known = _lowered(entry)
    graph = isinstance(known.get("body"), dict) and "createddatetime" in known
    return "messagetype" in known and (graph or ("content" in known and "originalarrivaltime" in known))


def time_seconds(entry: Entry) -> float:
    """Return a message's time in seconds; Graph lists the newest first."""
    when = moment(_time(_lowered(entry)))
    return when.timestamp() if when else 0.0


def add_message(entry: Entry, log: Log, names: Names) -> None:
    """Add one message to a log, and the replies that it holds."""
    known = _lowered(entry)
    body = _lowered(table(known.get("body")))
    content, kind = text(body.get("content") or known.get("content")), text(known.get("messagetype")).lower()
    name = _name(known)
    if kind.startswith(MEDIA):
        log.leave_out("media", f"{name}: {_plain_text(content) or kind}")
    elif kind not in SPOKEN or known.get("deleteddatetime"):
        log.leave_out("system", f"{name}: {'deleted message' if kind in SPOKEN else _event(known) or kind}")
    else:
        form = text(body.get("contenttype")).lower() if body else kind
        is_html = form not in ("text", "0")
        log.add_turn(name, _plain_text(content) if is_html else content, _time(known))
        pictures = [
            tag for tag in TAG.finditer(content) if is_html and tag[2].lower() in PICTURES and not tag[1]
        ]
        files = [text(each.get("name")) or "attachment" for each in _attachments(known)]
        for what in [*("picture" for _ in pictures), *files]:
            log.leave_out("media", f"{name}: {what}")
    for reply in sorted(tables(known.get("replies")), key=time_seconds):
        add_message(reply, log, names)


def _attachments(known: Entry) -> list[dict[str, Any]]:
    """Return a message's attachments, without quoted messages."""
    attached = [_lowered(each) for each in tables(known.get("attachments"))]
    return [each for each in attached if text(each.get("contenttype")) != "messageReference"]


def _time(known: Entry) -> str:
    return text(known.get("createddatetime")) or text(known.get("originalarrivaltime"))


def _lowered(entry: Entry) -> dict[str, Any]:
    """Return an entry with keys in lower case, since scripts capitalise them."""
    return {str(name).lower(): value for name, value in entry.items()}


def _name(known: Entry) -> str:
    sender = known.get("from")
    if isinstance(sender, dict):
        people = (table(each) for each in sender.values())
        named = (text(_lowered(each).get("displayname")) for each in people)
        return next(filter(None, named), "Teams")
    # In an account's id the last part is the person: 8:live:ann, 8:orgid:….
    return text(known.get("displayname")) or text(sender).rpartition(":")[2] or "Teams"


def _event(known: Entry) -> str:
    kind = text(table(known.get("eventdetail")).get("@odata.type"))
    return kind.rpartition(".")[2].removesuffix("EventMessageDetail")


def _plain_text(content: str) -> str:
    """Return an HTML message as plain text, without quotations."""
    lowered = content.lower()
    # A quotation that is never closed is text.
    ends = {name: lowered.rfind(f"</{name}>") for name in QUOTES}
    parts: list[str] = []
    at, quoted = 0, ""
    for tag in TAG.finditer(content):
        name = tag[2].lower()
        if not quoted:
            parts.append(content[at : tag.start()])
            parts.append(_shown(tag[1] + name, tag[3]))
            quoted = name if not tag[1] and tag.start() < ends.get(name, -1) else ""
        elif tag[0].lower() == f"</{quoted}>":
            quoted = ""
        at = tag.end()
    return unescaped("".join([*parts, content[at:]]))


def _shown(tag: str, attributes: str) -> str:
    """Return what a tag stands for in plain text."""
    sign = SIGN.search(attributes) if tag == "emoji" else None
    if sign:
        return sign[1]
    return "\n" if tag in BREAKS or tag == "br" else ""


EXPORT = Export("teams", "sender, time and body", is_message, add_message, time_seconds)
