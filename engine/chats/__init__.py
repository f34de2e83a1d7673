"""Reads chat exports as turns: WhatsApp, Slack, Teams, Discord, Telegram, transcripts, plain "Name: text".

Pure functions over text and entries; knows nothing of files, windows or models. `read` returns a Chat for any text.
`segment` splits a chat into the conversations of a data set, and `ImportStats` counts them.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.chats import copied_messages, exports, plain, subtitles, whatsapp
from engine.chats.chat import TITLES, Chat, Kind, LeftOut, Log
from engine.chats.exports import Account, Export, chat_in, find
from engine.chats.import_stats import ImportStats, remarks
from engine.chats.segmentation import Segment, Timed, segment, timed, timed_exactly
from engine.chats.slack import names_of

__all__ = [
    "TITLES",
    "Account",
    "Chat",
    "Export",
    "ImportStats",
    "Kind",
    "LeftOut",
    "Log",
    "Segment",
    "Timed",
    "chat_in",
    "find",
    "names_of",
    "read",
    "remarks",
    "segment",
    "timed",
    "timed_exactly",
]

Reader = Callable[[str], Chat | None]
# The kind of a text is detected from this many characters.
BEGINNING = 20_000
READERS: tuple[Reader, ...] = (whatsapp.read, subtitles.read, *copied_messages.readers(), plain.read_timed)


def read(text: str) -> Chat:
    """Return the turns of a text, read as the most likely kind of export.

    JSON is read as the export that its keys belong to. For other text it is the kind with the most message headers
    among the first lines, if they are more than half as many as the plain "Name: text" lines.
    """
    exported = exports.read(text)
    if exported is not None and exported.turns:
        return exported
    chat = _likeliest_reader(_beginning(text))(text)
    return chat if chat is not None and chat.turns else plain.read(text)


def _beginning(text: str) -> str:
    """Return the first lines of a long text, from which its kind is detected."""
    end = text.rfind("\n", 0, BEGINNING) if len(text) > BEGINNING else -1
    return text[:end] if end > 0 else text[:BEGINNING]


def _likeliest_reader(text: str) -> Reader:
    chats = {reader: chat for reader in READERS if (chat := reader(text)) is not None and chat.turns}
    best = max(chats, key=lambda reader: chats[reader].headers, default=plain.read)
    is_likely = best in chats and chats[best].headers * 2 > plain.read(text).headers
    return best if is_likely else plain.read
