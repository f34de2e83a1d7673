"""A conversation's text as turns: who speaks, and what is said.

Reads the plain forms that people paste: "Name: text" lines, with or without a time before the name. Knows
nothing of data sets, tokens or windows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_SPEAKER_WORDS = 4
_SPOKEN = re.compile(
    r"""^\s*
    (?: \[[^\]\n]{4,30}\]                                               # [12.03.24, 14:02]
      | \d{1,4}[./-]\d{1,2}[./-]\d{1,4},?\s+\d{1,2}[:.]\d{2}[^-\n]{0,6}-  # 12/03/2024, 14:02 -
      | \(?\d{1,2}[:.]\d{2}\)?                                          # 14:05
    )?\s*
    (?P<speaker>[^\s:<>\[\](){}"][^:\n"]{0,39}?)\s*:(?!//|\d)\s*(?P<text>.*)$""",
    re.VERBOSE,
)
_HEADLINE_LETTERS = 56


@dataclass(frozen=True)
class Turn:
    """One thing said; `speaker` is empty where the text names none."""

    speaker: str
    text: str


def turns(conversation: str) -> tuple[Turn, ...]:
    """Return the turns of a conversation; a line without a speaker goes on with the turn above it."""
    found: list[Turn] = []
    for line in conversation.splitlines():
        if not line.strip():
            continue
        turn = _turn(line)
        if turn.speaker or not found or not found[-1].speaker:
            found.append(turn)
        else:
            last = found[-1]
            found[-1] = Turn(last.speaker, f"{last.text}\n{turn.text}".strip())
    return tuple(found)


def _turn(line: str) -> Turn:
    match = _SPOKEN.match(line)
    if match is None or len(match["speaker"].split()) > MOST_SPEAKER_WORDS:
        return Turn("", line.strip())
    return Turn(match["speaker"].strip(), match["text"].strip())


def speakers(said: tuple[Turn, ...]) -> tuple[str, ...]:
    """Return who speaks, each once, in the order of their first turns."""
    return tuple(dict.fromkeys(turn.speaker for turn in said if turn.speaker))


def headline(conversation: str) -> str:
    """Return one short line that tells conversations apart: who speaks, and how it begins."""
    said = turns(conversation)
    begins = said[0].text.split("\n")[0] if said else ""
    names = ", ".join(speakers(said)[:3])
    line = f"{names}: {begins}" if names else begins
    return line if len(line) <= _HEADLINE_LETTERS else line[: _HEADLINE_LETTERS - 1].rstrip() + "…"
