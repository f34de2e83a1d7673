"""Microsoft Teams messages as JSON: from Graph, from scripts over Graph, and from the export of a personal account."""

from __future__ import annotations

import html
import re
from typing import Any

from engine.chats.chat import Log
from engine.chats.entries import Entry, Names, table, tables, text
from engine.chats.json_exports.base import Export
from engine.chats.timestamps import moment

SPOKEN = {"message", "text", "richtext", "richtext/html"}
MEDIA = ("richtext/uriobject", "richtext/media")
# The quotation of the message that is answered.
QUOTED = re.compile(r"<(legacyquote|blockquote)\b[^>]*>.*?</\1>", re.DOTALL | re.IGNORECASE)
PICTURE = re.compile(r"<(?:img|video|audio)\b[^>]*>", re.IGNORECASE)
SIGN = re.compile(r"<emoji\b[^>]*\balt=\"([^\"]*)\"[^>]*>", re.IGNORECASE)
BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/h\d)\b[^>]*>", re.IGNORECASE)
TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)


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
        pictures = PICTURE.findall(content) if is_html else []
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
    """Return an HTML message as plain text."""
    shown = SIGN.sub(r"\1", QUOTED.sub("", content))
    return html.unescape(TAG.sub("", BREAK.sub("\n", shown)))


EXPORT = Export("teams", "sender, time and body", is_message, add_message, time_seconds)
