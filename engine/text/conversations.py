"""Conversations as plain values: an example, its turns, and turns as text.

Knows nothing of files, tokens or models, and imports neither torch nor datasets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MAX_SPEAKER_CHARACTERS = 40
# A wide colon, as Chinese and Japanese have it, needs no space behind it.
TURN = re.compile(rf"^\s*([^\s:：][^:：\n]{{0,{MAX_SPEAKER_CHARACTERS - 1}}}?)\s*(?::(?=\s|$)|：)\s*(.*)$")


@dataclass(frozen=True)
class Example:
    """A conversation and its reference summary; `id` is the id column's value or the row number, from 1.

    `more_references` are further summaries of the same conversation.
    """

    id: str
    conversation: str
    summary: str
    more_references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Turn:
    """What one speaker says at a time; `speaker` is "" for text without a speaker.

    `time` is the time as in the source, "" if it is not known.
    """

    speaker: str
    text: str
    time: str = ""


def turns(conversation: str) -> tuple[Turn, ...]:
    """Return the turns of "Name: text" lines; a line without a name continues the turn before it."""
    spoken: list[tuple[str, list[str]]] = []
    for line in conversation.splitlines():
        match = TURN.match(line)
        if match:
            spoken.append((match[1].strip(), [(match[2] or "").strip()]))
        elif line.strip():
            if not spoken:
                spoken.append(("", []))
            spoken[-1][1].append(line.strip())
    return tuple(Turn(speaker, "\n".join(filter(None, lines))) for speaker, lines in spoken)


def as_text(spoken: Iterable[Turn]) -> str:
    """Return turns as the "Name: text" lines that `turns` reads.

    Line breaks within a turn stay, unless a line after one would be taken for another speaker's.
    """
    return "\n".join(_line(turn) if turn.speaker else turn.text for turn in spoken)


def _line(turn: Turn) -> str:
    lines = turn.text.splitlines()
    one_line = any(map(TURN.match, lines[1:]))
    return f"{turn.speaker}: {' '.join(line.strip() for line in lines) if one_line else turn.text}"


def speakers(conversation: str) -> tuple[str, ...]:
    """Return the speakers, in the order of their first turns."""
    return tuple(dict.fromkeys(turn.speaker for turn in turns(conversation) if turn.speaker))
