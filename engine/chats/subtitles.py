"""WebVTT and SRT: timed cues, joined into turns."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.chats.chat import Chat, Kind, Log
from engine.chats.line_parsing import filled, unmarked
from engine.text.conversations import TURN

CLOCK = r"(?:\d{1,3}:)?\d{1,2}:\d{1,2}(?:[.,]\d{1,3})?"
TIMING = re.compile(rf"^(?P<start>{CLOCK})\s*-->\s*{CLOCK}")
VOICE = re.compile(r"<v(?:\.[\w.-]+)?[ \t]+([^>\n]+)>")
TAG = re.compile(r"</?(?:c|i|b|u|ruby|rt|lang|v|font)\b[^>\n]*>|<\d[\d:.]*>", re.IGNORECASE)
SOUND = re.compile(r"^(?:\[[^\[\]]{2,60}\]|\([^()]{2,60}\)|[♪♫].*)$")
NAMED_SHARE = 0.5


class Cue(NamedTuple):
    """A cue: its start time and its lines."""

    start: str
    lines: list[str]


def read(text: str) -> Chat | None:
    """Return the chat of a WebVTT or SRT file, None if it has no cue."""
    lines = text.splitlines()
    head = next(filled(lines), "")
    notes: list[str] = []
    cues = list(_cues(lines, notes))
    if not cues:
        return None
    kind: Kind = "webvtt" if head.startswith("WEBVTT") else "srt"
    log = Log()
    for note in notes:
        log.leave_out("system", note)
    _add_cues(cues, log)
    return log.chat(kind, len(cues), f'{len(cues):,} lines give times "from --> to"')


def _cues(lines: Sequence[str], notes: list[str]) -> Iterator[Cue]:
    """Yield the cues. Lines outside of cues go to `notes`, except identifiers and the header."""
    cue: Cue | None = None
    for number, raw in enumerate(lines):
        line = raw.lstrip("\ufeff").strip()
        timing = TIMING.match(line)
        if timing:
            if cue:
                yield cue
            cue = Cue(timing["start"], [])
        elif not line:
            if cue:
                yield cue
            cue = None
        elif cue:
            cue.lines.append(line)
        elif not _is_identifier(line, lines, number) and not line.startswith("WEBVTT"):
            notes.append(line)
    if cue:
        yield cue


def _is_identifier(line: str, lines: Sequence[str], number: int) -> bool:
    after = lines[number + 1] if number + 1 < len(lines) else ""
    return line.isdecimal() or TIMING.match(after.strip()) is not None


def _add_cues(cues: Sequence[Cue], log: Log) -> None:
    by_colon = _has_names(cues)
    for cue in cues:
        lines = "\n".join(cue.lines)
        before, *voiced = VOICE.split(lines)
        _add_text("", before, cue.start, by_colon, log)
        for name, spoken in zip(voiced[::2], voiced[1::2], strict=True):
            _add_text(html.unescape(name), spoken, cue.start, by_colon, log)


def _has_names(cues: Sequence[Cue]) -> bool:
    """Return whether the words before colons name speakers: in most cues, or in the first cue and again later."""
    firsts = [TURN.match(_plain(cue.lines[0])) for cue in cues if cue.lines]
    names = [match[1] for match in firsts if match]
    return len(names) >= len(firsts) * NAMED_SHARE or bool(firsts[0] and names.count(names[0]) > 1)


def _add_text(speaker: str, message: str, start: str, by_colon: bool, log: Log) -> None:
    """Add a cue's text, to the last turn if the speaker is the same or unnamed."""
    for raw in message.splitlines():
        line = _plain(raw)
        if not line:
            continue
        if SOUND.match(line):
            log.leave_out("media", line)
            continue
        match = TURN.match(line) if by_colon and not speaker else None
        name, text = (match[1], match[2] or "") if match else (" ".join(speaker.split()), line)
        if name in {"", log.last_speaker}:
            log.extend_turn(text)
        else:
            log.add_turn(name, text, start)


def _plain(line: str) -> str:
    return unmarked(html.unescape(TAG.sub("", line)))
