"""Messages of Signal and of Webex, whose entries are a few plain fields."""

from __future__ import annotations

from engine.chats.chat import Log
from engine.chats.entries import Entry, Names, milliseconds, table, tables, text
from engine.chats.json_exports.base import Export
from engine.chats.timestamps import moment


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


def _webex_time(entry: Entry) -> float:
    when = moment(text(entry.get("created")))
    return when.timestamp() if when else 0.0


def _add_webex(entry: Entry, log: Log, _names: Names) -> None:
    name = text(entry.get("personDisplayName")) or text(entry.get("personEmail"))
    log.add_turn(name, text(entry.get("text")), text(entry.get("created")))
    files = entry.get("files")
    for each in files if isinstance(files, list) else []:
        log.leave_out("media", f"{name}: {text(each)}")


SIGNAL = Export("signal", "sender, date and body", _is_signal, _add_signal)
WEBEX = Export("webex", "personEmail, created and text", _is_webex, _add_webex, _webex_time)
