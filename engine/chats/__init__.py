"""Reads chat exports as turns: WhatsApp, Slack, Teams, Discord, Telegram, transcripts, plain "Name: text".

Pure functions over text and entries; knows nothing of files, windows or models. `read` returns a Chat for any text.
`segment` splits a chat into the conversations of a data set, and `ImportStats` counts them.
"""

from __future__ import annotations

from engine.chats import json_exports
from engine.chats.chat import TITLES, Chat, Kind, LeftOut, Log
from engine.chats.json_exports import Whole, chat_in, document_in, find
from engine.chats.json_exports.base import Account, Export
from engine.chats.json_exports.generic import table_export
from engine.chats.json_exports.messengers import names_of
from engine.chats.segmentation import (
    MAX_CHARACTERS,
    NAMELESS,
    ImportStats,
    Segment,
    Timed,
    remarks,
    segment,
    timed,
    timed_exactly,
)
from engine.chats.text_exports import TextFormat, likeliest
from engine.chats.text_exports.irc import on_day_named
from engine.messages import say
from engine.text import transcripts
from engine.text.conversations import Turn, people
from engine.text.conversations import turns as plain_turns

__all__ = [
    "MAX_CHARACTERS",
    "NAMELESS",
    "TITLES",
    "Account",
    "Chat",
    "Export",
    "ImportStats",
    "Kind",
    "LeftOut",
    "Log",
    "Segment",
    "TextFormat",
    "Timed",
    "Whole",
    "chat_in",
    "document_in",
    "find",
    "in_lines",
    "likeliest",
    "names_of",
    "on_day_named",
    "read",
    "remarks",
    "segment",
    "table_export",
    "timed",
    "timed_exactly",
]


def read(text: str) -> Chat:
    """Return the turns of a text, read as the most likely kind of export.

    JSON is read as the export that its keys belong to, other text in the form of most of its first lines. Text without
    a name is one turn without a speaker.
    """
    exported = json_exports.read(text)
    if exported is not None and exported.turns:
        return exported
    form = likeliest(text)
    chat = form.chat(text.splitlines()) if form else None
    if chat is not None and chat.turns:
        return chat
    spoken = plain_turns(text)
    named = sum(bool(turn.speaker) for turn in spoken)
    if not people(spoken):
        alone = (Turn("", text.strip()),) if named else spoken
        return Chat("text", alone, (), "no line names a speaker")
    return Chat("plain", spoken, (), say('{:,} lines have the form "Name: text"', named), named)


def in_lines(text: str) -> str:
    """Return a text with a line "Name: text" for each turn if they are marked otherwise, any other text as it stands.

    Turns may be all in one line, or begin as "[Ann] Hi" and "<ann> Hi" do.
    """
    chat = None if transcripts.holds_several_turns(text) else read(text)
    if chat is None:
        return transcripts.part_turns(text)
    # Of what is left out only sounds are told of.
    is_whole = all(each.kind == "media" for each in chat.left_out)
    return chat.text if chat.kind in {"transcript", "irc"} and is_whole else text
