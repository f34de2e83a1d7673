"""Chat exports into turns: WhatsApp, Slack, Teams, Discord, Telegram, transcripts, plain "Name: text".

Pure functions over text and entries; knows nothing of files, windows or models. Whatever the text is, `read` returns
a Chat. As data a chat is split by `segment` into conversations, and `ImportStats` count what became of it.
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
# Characters of a text by which its kind is told.
BEGINNING = 20_000
READERS: tuple[Reader, ...] = (whatsapp.read, subtitles.read, *copied_messages.readers(), plain.read_timed)


def read(text: str) -> Chat:
    """Return the turns of a text, read as the kind of export for which most speaks.

    That is JSON if it is an export's, else the kind of which most lines of the beginning begin a message, if these
    are more than half as many as there are plain "Name: text" lines.
    """
    exported = exports.read(text)
    if exported is not None and exported.turns:
        return exported
    chat = _likeliest_reader(_beginning(text))(text)
    return chat if chat is not None and chat.turns else plain.read(text)


def _beginning(text: str) -> str:
    """Return the first lines of a long text, enough to detect its kind."""
    end = text.rfind("\n", 0, BEGINNING) if len(text) > BEGINNING else -1
    return text[:end] if end > 0 else text[:BEGINNING]


def _likeliest_reader(text: str) -> Reader:
    read_by = {reader: chat for reader in READERS if (chat := reader(text)) is not None and chat.turns}
    best = max(read_by, key=lambda reader: read_by[reader].headers, default=plain.read)
    enough = best in read_by and read_by[best].headers * 2 > plain.read(text).headers
    return best if enough else plain.read
