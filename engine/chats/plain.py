"""Plain lines "Name: text", with or without a time before the name."""

from __future__ import annotations

import re

from engine.chats.chat import Chat, Log
from engine.text.conversations import TURN, turns

CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[.,]\d{1,3})?(?: ?[AaPp]\.?[Mm]\.?)?"
TIMED = re.compile(
    rf"^\s*(?:[\[(](?P<boxed>{CLOCK})[\])]|(?P<bare>{CLOCK}))\s*[-–]?\s*(?:<(?P<nick>[^<>\n]{{1,40}})>|(?=\S))(?P<said>.*)$"
)

# Meeting chats: "09:15:07 From Ann Lee to Everyone : Hi".
MEETING = re.compile(r"^From +([^:]{1,60}?)(?: +to +[^:]{1,60}?)? ?:(?: +(.*))?$", re.IGNORECASE)


def read(text: str) -> Chat:
    """Return the turns of plain lines; text without a name is one turn without a speaker."""
    spoken = turns(text)
    named = sum(bool(turn.speaker) for turn in spoken)
    if not named:
        return Chat("text", spoken, (), "no line names a speaker")
    return Chat("plain", spoken, (), f'{named:,} lines are written "Name: text"', named)


def read_timed(text: str) -> Chat | None:
    """Return the turns of lines with a time before the name.

    None if there are fewer than two such lines, or if they are less than half of all.
    """
    log, headers = Log(), 0
    lines = [line for line in text.splitlines() if line.strip()]
    for line in lines:
        timed = TIMED.match(line)
        message = timed["said"] if timed and not timed["nick"] else ""
        turn = MEETING.match(message) or TURN.match(message)
        if timed and (turn or timed["nick"]):
            headers += 1
            name, said = (turn[1], turn[2] or "") if turn else (timed["nick"], timed["said"])
            log.add_turn(name, said, timed["boxed"] or timed["bare"])
        else:
            log.extend_turn(line)
    if headers < 2 or headers * 2 < len(lines):
        return None
    return log.chat("transcript", headers, f'{headers:,} lines are written "time Name: text"')
