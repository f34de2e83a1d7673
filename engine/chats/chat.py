"""The content of a chat export: turns, and the lines that are left out."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.messages import counted, joined, say
from engine.text.conversations import Turn, as_text

Kind = Literal[
    "whatsapp", "slack", "teams", "discord", "telegram", "webvtt", "srt", "transcript", "irc", "line", "kakaotalk",
    "viber", "imessage", "signal", "webex", "messenger", "google_chat", "matrix", "chatgpt",
    "claude", "speech", "mail", "table", "turns", "plain", "text",
]  # fmt: skip
LeftOutKind = Literal["system", "media", "quote", "signature", "chat"]
TITLES: dict[Kind, str] = {
    "whatsapp": "WhatsApp export",
    "slack": "Slack messages",
    "teams": "Teams messages",
    "discord": "Discord messages",
    "telegram": "Telegram messages",
    "webvtt": "WebVTT transcript",
    "srt": "SRT subtitles",
    "transcript": "Transcript",
    "irc": "IRC log",
    "line": "LINE chat",
    "kakaotalk": "KakaoTalk chat",
    "viber": "Viber chat",
    "imessage": "iMessage chat",
    "signal": "Signal messages",
    "webex": "Webex messages",
    "messenger": "Messenger and Instagram messages",
    "google_chat": "Google Chat messages",
    "matrix": "Matrix messages",
    "chatgpt": "ChatGPT conversations",
    "claude": "Claude conversations",
    "speech": "Speech recognition",
    "mail": "Mail",
    "table": "Chat in a table",
    "turns": "Turns in JSON",
    "plain": "Turns",
    "text": "Text",
}


@dataclass(frozen=True)
class LeftOut:
    """What is no part of the conversation: a system message, a media tag, a quotation, or another chat's name."""

    kind: LeftOutKind
    text: str


@dataclass(frozen=True)
class Chat:
    """A conversation read from an export; `reason` says by what the export was recognised.

    `headers` counts the lines or entries that begin a message in this kind of export.
    """

    kind: Kind
    turns: tuple[Turn, ...]
    left_out: tuple[LeftOut, ...]
    reason: str
    headers: int = 0

    @property
    def text(self) -> str:
        """The conversation as "Name: text" lines."""
        return as_text(self.turns)

    @property
    def speakers(self) -> tuple[str, ...]:
        """The speakers, in the order of their first turns."""
        return tuple(dict.fromkeys(turn.speaker for turn in self.turns if turn.speaker))

    @property
    def is_export(self) -> bool:
        """Whether it was read from an export rather than from plain text."""
        return self.kind not in {"plain", "text"}


# The largest character has 7 digits. Of thousands of digits Python makes no number.
TOO_LONG_ENTITY = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")


def unescaped(text: str) -> str:
    """Return a text with characters for HTML entities such as "&amp;" and "&#228;"."""
    return html.unescape(TOO_LONG_ENTITY.sub("\ufffd", text)) if "&" in text else text


def left_out_text(counts: Mapping[LeftOutKind, int]) -> str:
    """Return what is left out: "1 system line and 2 media tags left out", "" for nothing."""
    left = [
        counted(counts.get("system", 0), "system line", "system lines"),
        counted(counts.get("media", 0), "media tag", "media tags"),
        counted(counts.get("quote", 0), "quoted message", "quoted messages"),
        counted(counts.get("signature", 0), "signature", "signatures"),
        counted(counts.get("chat", 0), "other chat", "other chats"),
    ]
    found = [each for each in left if not each.startswith("0 ")]
    parts = [joined(", ", found[:-1]), found[-1]] if len(found) > 1 else found
    return say("{} left out", joined(" and ", parts)) if found else ""


class Log:
    """Collects turns and left-out lines, in order.

    `headers` counts the lines or entries that began a message, `preface` the lines before the first of them.
    """

    def __init__(self) -> None:
        self._turns: list[tuple[str, list[str], str]] = []
        self.left_out: list[LeftOut] = []
        self.headers = 0
        self.preface = 0

    @property
    def last_speaker(self) -> str | None:
        """The speaker of the last turn, None before the first."""
        return self._turns[-1][0] if self._turns else None

    def add_turn(self, speaker: str, text: str, time: str = "") -> None:
        """Begin a turn. A turn that stays without text is dropped."""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        self._turns.append((" ".join(speaker.split()), lines, time))

    def extend_turn(self, text: str) -> None:
        """Add a line to the last turn, or begin one without a speaker if there is none."""
        if not self._turns:
            self.add_turn("", text)
        elif text.strip():
            self._turns[-1][1].append(text.strip())

    def leave_out(self, kind: LeftOutKind, text: str) -> None:
        """Record a line that is left out."""
        if text.strip():
            self.left_out.append(LeftOut(kind, text.strip()))

    def take_turns(self, keep: int = 0) -> list[Turn]:
        """Return the turns so far and forget them; the last ones to `keep` may go on, and left-out lines stay."""
        end = len(self._turns) - keep
        taken = self._turns[: max(0, end)]
        turns = [Turn(speaker, "\n".join(lines), time) for speaker, lines, time in taken if lines]
        self._turns = self._turns[max(0, end) :]
        return turns
