"""WebVTT and SRT: timed cues, joined into turns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise
from typing import Literal, NamedTuple

from engine.chats.chat import Log, unescaped
from engine.chats.line_parsing import is_sound, may_be_name, unmarked
from engine.text.conversations import turn_head

CLOCK = r"(?:\d{1,3}:)?\d{1,2}:\d{1,2}(?:[.,]\d{1,3})?"
# YouTube's own form has a comma between the times.
TIMING = re.compile(rf"^\[?(?P<start>{CLOCK})(?:\s*-->\s*|,(?=\d+:)){CLOCK}(?:\]\s*(?P<said>.*))?")
VOICE = re.compile(r"<v(?:\.[\w.-]+)?[ \t]+([^>\n]+)>")
TAG = re.compile(r"</?(?:c|i|b|u|ruby|rt|lang|v|font)\b[^>\n]*>|<\d[\d:.]*>|\{\\\w+\}", re.IGNORECASE)
SOUND = re.compile(r"^(?:\[[^\[\]]{2,60}\]|\([^()]{2,60}\)|[♪♫].*)$")
# Webex puts the name into the cue's identifier: 1 "Ann Lee" (1234567).
NAMED_CUE = re.compile(r'^\d+ "(?P<name>[^"]{1,80})" \(\d+\)$')
IDENTIFIER = re.compile(r"\d+|[\da-f]{8}-[\da-f-]{20,}(?:[/_]\d+(?:-\d+)?)?", re.IGNORECASE)
BRACKETED = re.compile(r"^(?:>> ?)?[\[(【]([^\[\]()【】\n]{1,60})[\])】]:?\s+(\S.*)$")
CHEVRONS = re.compile(r"^>{1,3} ?")
NAMED_SHARE = 0.5
# Where so many cues are named, each is: one without a name is not the last speaker's.
EACH_NAMED_SHARE = 0.8
UNKNOWN = "Unknown"
ROLLING_SHARE = 0.5
# Whether cues name speakers, and how, is told from the first ones.
SAMPLE_CUES = 1000
How = Literal["no", "colon", "brackets", "line"]


class Cue(NamedTuple):
    """A cue: its start time, the speaker whom its identifier names, and its lines."""

    start: str
    speaker: str
    lines: list[str]


def read(lines: Iterable[str], log: Log) -> Iterator[None]:
    """Read the cues into a log, one by one."""
    cues = _cues(lines, log)
    first = list(islice(cues, SAMPLE_CUES))
    is_voiced = any(cue.speaker or VOICE.search(unescaped("\n".join(cue.lines))) for cue in first)
    if not is_voiced and _are_rolling(first):
        cues = _once(chain(first, cues))
        first = list(islice(cues, SAMPLE_CUES))
    how = _how_named(first)
    nameless = UNKNOWN if is_voiced or _is_each_named(first, how) else ""
    for cue in chain(first, cues):
        _add_cue(cue, how, nameless, log)
        yield


def _cues(lines: Iterable[str], log: Log) -> Iterator[Cue]:
    """Yield the cues. Lines outside of cues are left out, except identifiers and the header."""
    cue: Cue | None = None
    pending = name = ""
    for raw in lines:
        line = raw.lstrip("\ufeff").strip()
        timing = TIMING.match(line)
        if timing:
            log.headers += 1
            if cue:
                yield cue
            cue = Cue(timing["start"], name, [timing["said"]] if timing["said"] else [])
            pending = name = ""
            continue
        # The line above a time is the cue's identifier, whatever it is.
        _leave_out(pending, log)
        pending = ""
        if not line:
            # YouTube begins a cue with a line of one space.
            if raw and cue and not cue.lines:
                continue
            if cue:
                yield cue
            cue = None
        elif cue:
            cue.lines.append(line)
        else:
            named = NAMED_CUE.match(line)
            pending, name = line, named["name"] if named else ""
    _leave_out(pending, log)
    if cue:
        yield cue


def _leave_out(line: str, log: Log) -> None:
    if line and not IDENTIFIER.fullmatch(line) and not line.startswith("WEBVTT"):
        log.leave_out("system", line)


def _how_named(cues: Sequence[Cue]) -> How:
    """Return how most cues name their speakers: before a colon, in brackets, or on a line of their own."""
    filled = [[_plain(line) for line in cue.lines] for cue in cues if cue.lines]
    firsts = [lines[0] for lines in filled]
    by_colon = [head[0] for line in firsts if (head := turn_head(line))]
    # In a cue with one name alone, this may be the first of several cues of that speaker.
    if len(by_colon) >= len(firsts) * NAMED_SHARE or bool(
        by_colon and turn_head(firsts[0]) and by_colon.count(by_colon[0]) > 1
    ):
        return "colon"
    in_brackets = Counter(name for line in firsts if (name := _named(line, "brackets")[0]))
    if in_brackets.total() >= len(firsts) * NAMED_SHARE or in_brackets.most_common(1)[:1] > [("", 1)]:
        return "brackets"
    above = Counter(lines[0] for lines in filled if len(lines) > 1 and may_be_name(lines[0]))
    repeated = sum(count for count in above.values() if count > 1)
    return "line" if repeated > len(firsts) * NAMED_SHARE else "no"


def _is_each_named(cues: Sequence[Cue], how: How) -> bool:
    """Tell whether every cue names its speaker, not only one whose speaker is another than before."""
    firsts = [line for cue in cues if cue.lines and not SOUND.match(line := _plain(cue.lines[0]))]
    named = sum(bool(_named(line, how)[0]) for line in firsts)
    return bool(named) and named >= len(firsts) * EACH_NAMED_SHARE


def _are_rolling(cues: Sequence[Cue]) -> bool:
    """Tell whether most cues begin with what the cue before ends with, as where text rolls up the screen."""
    texts = [[_plain(line) for line in cue.lines] for cue in cues if cue.lines]
    rolling = sum(any(_shared(above, lines)) for above, lines in pairwise(texts))
    return rolling > (len(texts) - 1) * ROLLING_SHARE


def _once(cues: Iterable[Cue]) -> Iterator[Cue]:
    """Yield rolling cues without the lines that they share with the cue before; a line that grows is one line."""
    above: list[str] = []
    held: Cue | None = None
    for cue in cues:
        lines = [_plain(line) for line in cue.lines]
        shared, grows = _shared(above, lines)
        fresh = cue.lines[shared:]
        if held and grows:
            held = held._replace(lines=[*held.lines[:-1], *fresh])
        elif fresh:
            if held:
                yield held
            held = cue._replace(lines=fresh)
        above = lines or above
    if held:
        yield held


def _shared(above: Sequence[str], lines: Sequence[str]) -> tuple[int, bool]:
    """Return how many lines a cue begins with that the one before ends with, and whether the last of those grows on."""
    for count in range(min(len(above), len(lines)), 0, -1):
        if above[-count:-1] == lines[: count - 1]:
            last, line = above[-1], lines[count - 1]
            if last == line:
                return count, False
            if last and line.startswith(f"{last} "):
                return count - 1, True
    return 0, False


def _add_cue(cue: Cue, how: How, nameless: str, log: Log) -> None:
    lines = cue.lines
    if how == "line" and len(lines) > 1:
        _add_text(lines[0], "\n".join(lines[1:]), cue.start, how, nameless, log)
        return
    before, *voiced = VOICE.split(unescaped("\n".join(lines)))
    _add_text(cue.speaker, before, cue.start, how, nameless, log)
    for name, spoken in zip(voiced[::2], voiced[1::2], strict=True):
        _add_text(name, spoken, cue.start, how, nameless, log)


def _add_text(speaker: str, message: str, start: str, how: How, nameless: str, log: Log) -> None:
    """Add a cue's text, to the last turn if the speaker is the same.

    A cue without a name goes on with the last turn, or is that of `nameless`; a line within a cue always goes on.
    """
    for raw in message.splitlines():
        line = _plain(raw)
        if not line:
            continue
        if SOUND.match(line):
            log.leave_out("media", line)
            continue
        name, text = _named(line, how) if not speaker else (" ".join(speaker.split()), line)
        name, nameless = name or nameless, ""
        if name in {"", log.last_speaker}:
            log.extend_turn(text)
        else:
            log.add_turn(name, text, start)


def _named(line: str, how: How) -> tuple[str, str]:
    """Return the speaker whom a line names, "" for none, and what is said."""
    line = CHEVRONS.sub("", line)
    if how == "colon":
        return turn_head(line) or ("", line)
    match = BRACKETED.match(line) if how == "brackets" else None
    return (match[1], match[2]) if match and not is_sound(match[1]) else ("", line)


def _plain(line: str) -> str:
    return CHEVRONS.sub("", unmarked(TAG.sub("", unescaped(line))))
