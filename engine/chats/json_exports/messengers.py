"""JSON exports of messengers: an `Export` for each, which recognises its messages and reads one at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from engine.chats.chat import Log, unescaped
from engine.chats.json_exports.base import (
    Document,
    Entry,
    Export,
    Names,
    milliseconds,
    seconds,
    table,
    tables,
    text,
)
from engine.messages import say

# ---------------------------------------------------------------------------------- Discord, by DiscordChatExporter
DISCORD_SPOKEN = {"Default", "Reply", "0", "19", "20"}


def _is_discord(entry: Entry) -> bool:
    return isinstance(entry.get("author"), dict) and "content" in entry and "timestamp" in entry


def _add_discord(entry: Entry, log: Log, _names: Names) -> None:
    author, content = table(entry.get("author")), text(entry.get("content"))
    name = text(author.get("nickname")) or text(author.get("name"))
    if text(entry.get("type", "Default")) not in DISCORD_SPOKEN:
        log.leave_out("system", f"{name}: {content or text(entry.get('type'))}")
        return
    log.add_turn(name, content, text(entry.get("timestamp")))
    for kind in ("attachments", "stickers"):
        for each in tables(entry.get(kind)):
            log.leave_out("media", f"{name}: {text(each.get('fileName') or each.get('name')) or kind}")


DISCORD = Export("discord", "author, content and timestamp", _is_discord, _add_discord)


# ------------------------------------------------------------------------------------------ Google Chat, by Takeout
def _is_google_chat(entry: Entry) -> bool:
    return isinstance(entry.get("creator"), dict) and ("created_date" in entry or "message_id" in entry)


def _add_google_chat(entry: Entry, log: Log, _names: Names) -> None:
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


GOOGLE_CHAT = Export("google_chat", "creator, created_date and text", _is_google_chat, _add_google_chat)


# ----------------------------------------------------------------------------------------------- Matrix, by Element
MATRIX_SPOKEN = {"m.text", "m.notice", "m.emote"}
# Of a reply, the lines that quote what it answers.
MATRIX_QUOTE = re.compile(r"\A(?:> .*\n)+\n?")
MATRIX_ACCOUNT = re.compile(r"^@([^:]+):.+$")


def _is_matrix(entry: Entry) -> bool:
    return "sender" in entry and "origin_server_ts" in entry and text(entry.get("type")).startswith("m.")


def _matrix_time(entry: Entry) -> float:
    return milliseconds(entry.get("origin_server_ts"))


def _add_matrix(entry: Entry, log: Log, names: Names) -> None:
    sender = text(entry.get("sender"))
    account = MATRIX_ACCOUNT.match(sender)
    name = names.get(sender) or (account[1] if account else sender)
    content = table(entry.get("content"))
    body, kind = text(content.get("body")), text(content.get("msgtype"))
    if text(entry.get("type")) != "m.room.message" or not content:
        log.leave_out("system", f"{name}: {text(entry.get('type'))}")
    elif table(content.get("m.relates_to")).get("rel_type") == "m.replace":
        # The message that it edits stands before it.
        log.leave_out("system", say("{}: edit", name))
    elif kind in MATRIX_SPOKEN:
        quoted = MATRIX_QUOTE.match(body)
        log.leave_out("quote", quoted[0] if quoted else "")
        log.add_turn(name, body[quoted.end() :] if quoted else body, f"{_matrix_time(entry):.3f}")
    else:
        log.leave_out("media", f"{name}: {body or kind}")


def _matrix_names(entries: Sequence[Entry]) -> dict[str, str]:
    members = (entry for entry in entries if entry.get("type") == "m.room.member")
    named = {
        text(each.get("state_key")): text(table(each.get("content")).get("displayname")) for each in members
    }
    return {account: name for account, name in named.items() if account and name}


MATRIX = Export(
    "matrix", "sender, content and origin_server_ts", _is_matrix, _add_matrix, _matrix_time, _matrix_names
)


# --------------------------------------------------------------------------------- Facebook Messenger and Instagram
MESSENGER_MEDIA = ("photos", "videos", "audio_files", "gifs", "files", "sticker", "share", "media")
MESSENGER_EVENTS = re.compile(
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


def _is_messenger(entry: Entry) -> bool:
    downloaded = "sender_name" in entry and "timestamp_ms" in entry
    encrypted = "senderName" in entry and "timestamp" in entry and "isUnsent" in entry
    return downloaded or encrypted


def _messenger_time(entry: Entry) -> float:
    return milliseconds(entry.get("timestamp_ms", entry.get("timestamp")))


def _add_messenger(entry: Entry, log: Log, _names: Names) -> None:
    name = repaired(text(entry.get("sender_name")) or text(entry.get("senderName"))) or "Deleted account"
    content = repaired(text(entry.get("content")) or text(entry.get("text")))
    if (
        entry.get("is_unsent")
        or entry.get("isUnsent")
        or MESSENGER_EVENTS.match(content)
        or entry.get("call_duration") is not None
    ):
        log.leave_out("system", f"{name}: {content or 'unsent message'}")
        return
    log.add_turn(name, content, f"{_messenger_time(entry):.3f}")
    for key in MESSENGER_MEDIA:
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


def _messenger_messages(document: Entry) -> list[Entry]:
    messages = tables(document.get("messages"))
    return messages if "participants" in document and any(map(_is_messenger, messages[:20])) else []


MESSENGER = Export(
    "messenger", "sender_name, timestamp_ms and content", _is_messenger, _add_messenger, _messenger_time
)
# Its object holds two lists, the participants and the messages.
MESSENGER_DOCUMENT = Document(MESSENGER, _messenger_messages)


# ------------------------------------------------------------------------------------------------- Signal and Webex
def _is_signal(entry: Entry) -> bool:
    desktop = {"date", "sender", "body"} <= entry.keys() and ("quote" in entry or "reactions" in entry)
    return desktop or "dataMessage" in table(entry.get("envelope"))


def _add_signal(entry: Entry, log: Log, _names: Names) -> None:
    envelope = table(entry.get("envelope"))
    message = table(envelope.get("dataMessage"))
    name = text(entry.get("sender")) or text(envelope.get("sourceName") or envelope.get("source")) or "Signal"
    sent = milliseconds(envelope.get("timestamp"))
    log.add_turn(
        name,
        text(entry.get("body")) or text(message.get("message")),
        text(entry.get("date")) or f"{sent:.3f}",
    )
    log.leave_out("quote", text(entry.get("quote")))
    for each in tables(entry.get("attachments")) + tables(message.get("attachments")):
        what = each.get("name") or each.get("fileName") or each.get("filename") or each.get("path")
        log.leave_out("media", f"{name}: {text(what) or 'attachment'}")


def _is_webex(entry: Entry) -> bool:
    return "roomId" in entry and "personEmail" in entry and "created" in entry


def _add_webex(entry: Entry, log: Log, _names: Names) -> None:
    name = text(entry.get("personDisplayName")) or text(entry.get("personEmail"))
    log.add_turn(name, text(entry.get("text")), text(entry.get("created")))
    files = entry.get("files")
    for each in files if isinstance(files, list) else []:
        log.leave_out("media", f"{name}: {text(each)}")


SIGNAL = Export("signal", "sender, date and body", _is_signal, _add_signal)
WEBEX = Export(
    "webex",
    "personEmail, created and text",
    _is_webex,
    _add_webex,
    lambda entry: seconds(text(entry.get("created"))),
)


# ------------------------------------------------------------------- Slack: a file per day in each channel's folder
SLACK_LINK = re.compile(r"<(?P<sigil>[@#!]?)(?P<target>[^<>|]+)(?:\|(?P<label>[^<>]*))?>")
SLACK_SPOKEN = {"", "bot_message", "thread_broadcast", "me_message", "file_share"}


def _is_slack(entry: Entry) -> bool:
    has_author = "user" in entry or "username" in entry or "bot_id" in entry
    return entry.get("type") == "message" and "ts" in entry and "text" in entry and has_author


def _slack_time(entry: Entry) -> float:
    """Return a message's time in seconds. The newest message is last in files, first in API answers."""
    try:
        return float(text(entry.get("ts")))
    except ValueError:
        return 0.0


def _add_slack(entry: Entry, log: Log, names: Names) -> None:
    user = text(entry.get("user"))
    name = _slack_name(entry) or names.get(user) or user or text(entry.get("bot_id")) or "Slack"
    attached = tables(entry.get("attachments"))
    # Slack itself attaches what stands behind a link.
    own = [each for each in attached if "from_url" not in each and "original_url" not in each]
    said = [text(entry.get("text")), *map(_attached_text, own)]
    markup = "\n".join(filter(None, said)) or "\n".join(_block_texts(entry))
    message = _plain_slack(markup, names)
    if text(entry.get("subtype")) not in SLACK_SPOKEN:
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


def _slack_names(entries: Sequence[Entry]) -> dict[str, str]:
    return {text(entry.get("user")): name for entry in entries if (name := _slack_name(entry))}


def names_of(members: Iterable[Entry]) -> dict[str, str]:
    """Return the members' names by id, from the list beside the channels of an export."""
    named = {text(each.get("id")): _first_name(table(each.get("profile")), each) for each in members}
    return {user: name for user, name in named.items() if user and name}


def _slack_name(entry: Entry) -> str:
    return _first_name(table(entry.get("user_profile")), {}) or text(entry.get("username"))


def _first_name(profile: Entry, member: Entry) -> str:
    """Return a person's name: the display name, else the real name, else the account's name."""
    named = [profile.get("display_name"), profile.get("real_name"), member.get("real_name")]
    named += [profile.get("name"), member.get("name")]
    return next(filter(None, map(text, named)), "")


def _plain_slack(markup: str, names: Names) -> str:
    """Return a message as Slack displays it: with names for ids, and links and HTML entities as plain text."""

    def shown(match: re.Match[str]) -> str:
        sigil, target, label = match["sigil"], match["target"], match["label"]
        if sigil == "@":
            return f"@{label or names.get(target, target)}"
        if sigil == "#":
            return f"#{label or target}"
        return label or (f"@{target.split('^')[0]}" if sigil == "!" else target)

    return unescaped(SLACK_LINK.sub(shown, markup))


SLACK = Export("slack", "user, text and ts", _is_slack, _add_slack, _slack_time, _slack_names)


# ----------------------------------------------------- Microsoft Teams: Graph, scripts over it, an account's export
TEAMS_SPOKEN = {"message", "text", "richtext", "richtext/html"}
TEAMS_MEDIA = ("richtext/uriobject", "richtext/media")
# Every tag, in one pass: a tag that never ends must not be looked for again from each of its characters.
TEAMS_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)([^<>]*)>", re.IGNORECASE)
# Quotations of the message that is answered.
TEAMS_QUOTES = ("legacyquote", "blockquote")
TEAMS_PICTURES = {"img", "video", "audio"}
TEAMS_SIGN = re.compile(r"\balt=\"([^\"]*)\"", re.IGNORECASE)
TEAMS_BREAKS = {"/p", "/div", "/li", "/tr", *(f"/h{level}" for level in range(10))}


def _is_teams(entry: Entry) -> bool:
    known = _lowered(entry)
    graph = isinstance(known.get("body"), dict) and "createddatetime" in known
    return "messagetype" in known and (graph or ("content" in known and "originalarrivaltime" in known))


def _teams_time(entry: Entry) -> float:
    """Return a message's time in seconds; Graph lists the newest first."""
    return seconds(_teams_time_text(_lowered(entry)))


def _add_teams(entry: Entry, log: Log, names: Names) -> None:
    """Add one message to a log, and the replies that it holds."""
    known = _lowered(entry)
    body = _lowered(table(known.get("body")))
    content, kind = text(body.get("content") or known.get("content")), text(known.get("messagetype")).lower()
    name = _teams_name(known)
    if kind.startswith(TEAMS_MEDIA):
        log.leave_out("media", f"{name}: {teams_text(content) or kind}")
    elif kind not in TEAMS_SPOKEN or known.get("deleteddatetime"):
        event = text(table(known.get("eventdetail")).get("@odata.type"))
        what = event.rpartition(".")[2].removesuffix("EventMessageDetail") or kind
        log.leave_out("system", f"{name}: {'deleted message' if kind in TEAMS_SPOKEN else what}")
    else:
        form = text(body.get("contenttype")).lower() if body else kind
        is_html = form not in ("text", "0")
        log.add_turn(name, teams_text(content) if is_html else content, _teams_time_text(known))
        pictures = [
            tag
            for tag in TEAMS_TAG.finditer(content)
            if is_html and tag[2].lower() in TEAMS_PICTURES and not tag[1]
        ]
        files = [text(each.get("name")) or "attachment" for each in _teams_attachments(known)]
        for what in [*("picture" for _ in pictures), *files]:
            log.leave_out("media", f"{name}: {what}")
    for reply in sorted(tables(known.get("replies")), key=_teams_time):
        _add_teams(reply, log, names)


def _teams_attachments(known: Entry) -> list[dict[str, Any]]:
    """Return a message's attachments, without quoted messages."""
    attached = [_lowered(each) for each in tables(known.get("attachments"))]
    return [each for each in attached if text(each.get("contenttype")) != "messageReference"]


def _teams_time_text(known: Entry) -> str:
    return text(known.get("createddatetime")) or text(known.get("originalarrivaltime"))


def _lowered(entry: Entry) -> dict[str, Any]:
    """Return an entry with keys in lower case, since scripts capitalise them."""
    return {str(name).lower(): value for name, value in entry.items()}


def _teams_name(known: Entry) -> str:
    sender = known.get("from")
    if isinstance(sender, dict):
        people = (table(each) for each in sender.values())
        named = (text(_lowered(each).get("displayname")) for each in people)
        return next(filter(None, named), "Teams")
    # In an account's id the last part is the person: 8:live:ann, 8:orgid:….
    return text(known.get("displayname")) or text(sender).rpartition(":")[2] or "Teams"


def teams_text(content: str) -> str:
    """Return an HTML message as plain text, without quotations."""
    lowered = content.lower()
    # A quotation that is never closed is text.
    ends = {name: lowered.rfind(f"</{name}>") for name in TEAMS_QUOTES}
    parts: list[str] = []
    at, quoted = 0, ""
    for tag in TEAMS_TAG.finditer(content):
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
    sign = TEAMS_SIGN.search(attributes) if tag == "emoji" else None
    if sign:
        return sign[1]
    return "\n" if tag in TEAMS_BREAKS or tag == "br" else ""


TEAMS = Export("teams", "sender, time and body", _is_teams, _add_teams, _teams_time)


# ------------------------------------------------------------------------------------------------- Telegram Desktop
TELEGRAM_MEDIA = ("media_type", "photo", "file", "poll", "contact_information", "location_information")


def _is_telegram(entry: Entry) -> bool:
    return (
        ("from" in entry or "actor" in entry)
        and "date" in entry
        and "text" in entry
        and text(entry.get("type")) in {"message", "service"}
    )


def _add_telegram(entry: Entry, log: Log, _names: Names) -> None:
    name = text(entry.get("from")) or text(entry.get("actor")) or "Deleted account"
    message = _plain_telegram(entry.get("text"))
    if text(entry.get("type")) == "service":
        log.leave_out("system", f"{name}: {text(entry.get('action')) or message}")
        return
    log.add_turn(name, message, text(entry.get("date")))
    media = next((key for key in TELEGRAM_MEDIA if entry.get(key)), None)
    if media:
        what = text(entry["media_type"]) if media == "media_type" else media
        log.leave_out("media", f"{name}: {what.replace('_', ' ')}")


def _plain_telegram(value: Any) -> str:
    """Return a message's text, in which links and formatted words are objects."""
    if isinstance(value, list):
        return "".join(
            text(table(part).get("text")) if isinstance(part, dict) else text(part) for part in value
        )
    return text(value)


TELEGRAM = Export("telegram", "from, date and text", _is_telegram, _add_telegram)
