"""Plain lines that name a speaker: "Name: text", with a time, in brackets, or behind another mark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from engine.chats.chat import Log
from engine.chats.line_parsing import DATE, MARKUP, blocks, is_sound, names_no_one, spaced, unmarked
from engine.text.conversations import turn_head

CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[.,]\d{1,3})?(?: ?[AaPp]\.?[Mm]\.?)?"
WHEN = rf"(?:{DATE}[ ,T]+)?{CLOCK}(?:Z|[+-]\d{{2}}:?\d{{2}})?(?:\s*(?:-->|[-–])\s*{CLOCK})?"
TIMED = re.compile(
    rf"^\s*(?:[\[(](?P<boxed>{WHEN})[\])]|(?P<bare>{WHEN}))\s*[-–|]?\s*"
    r"(?:<(?P<nick>[^<>\n]{1,40})>|\[(?P<tag>[^\[\]\n]{1,60})\]:?(?=\s)|(?=\S))(?P<said>.*)$"
)
# Meeting chats: "09:15:07 From Ann Lee to Everyone : Hi".
MEETING = re.compile(r"^From +([^:]{1,60}?)(?: +to +[^:]{1,60}?)? ?:(?: +(.*))?$", re.IGNORECASE)
# What a program says of someone, behind a time.
EVENT = re.compile(
    r"\b(?:has |have )?(?:joined|left|entered|disconnected|signed (?:on|off)|logged (?:in|out)|went (?:away|offline)|"
    r"is now known as)\b.{0,40}$",
    re.IGNORECASE,
)
REPLY = re.compile(r"^\s*Replying to [\"“]")
# Such as "Ann Lee (00:12): Hi" and "Ann Lee [00:12:03] Hi".
BEHIND = re.compile(
    rf"^(?P<name>[^\s\d:()\[\]<>][^:()\[\]<>\t\n]{{0,60}}?)"
    rf"(?: ?[\[(](?P<time>{WHEN})[\])](?::\s*|\s+(?:[-–] )?)|\t(?P<between>{WHEN})\t)(?P<said>\S.*)$"
)
# Of a table: start, perhaps end, name, perhaps a label of one word, and the text; at least four cells.
CELLS = re.compile(
    rf"^(?=(?:[^\t]*\t){{3}})(?P<time>{CLOCK}|\d+\.\d+)\t(?:(?:{CLOCK}|\d+\.\d+)\t)?"
    r"(?P<name>[^\W\d][^\t]{0,60})\t(?:[^\s\t]{1,20}\t)?(?P<said>[^\t]+)$"
)
# Behind a time, such as "10:02 | Ann | Hi".
PIPED = re.compile(r"^(?P<name>[^|:\n]{1,60}?)\s*\|\s*(?P<said>\S.*)$")
# Such as "1. Ann: Hi" and "• Ann: Hi".
LISTED = re.compile(r"^(?:\d{1,5}[.)]|[•‣▪*-])\s+(?P<name>[^\s:][^:\n]{0,59}?):\s+(?P<said>\S.*)$")
OPEN, CLOSE = "\\[<(【［＜（", "\\]>)】］＞）"
# Such as "[Ann] Hi", "<ann> Hi" and "【医生】你好".
TAGGED = re.compile(
    rf"^(?P<open>[{OPEN}])[@+%&~! ]?(?P<name>[^\d\s{OPEN}{CLOSE}\n][^{OPEN}{CLOSE}\n]{{0,79}})[{CLOSE}]\s*[:：-]?\s*"
    r"(?P<said>.*)$"
)
# The proceedings of the European Parliament: <SPEAKER ID=1 NAME="Ann Lee">, and <CHAPTER ID=1> above a heading.
PROCEEDINGS = re.compile(
    r'^<(?:SPEAKER\b[^<>]*\bNAME="(?P<name>[^"<>]{1,80})"[^<>]*|CHAPTER\b[^<>]*)>(?P<said>.*)$'
)
# Such as "太郎「おはよう」".
QUOTING = re.compile(r"^(?P<name>[^\s「」『』:：。、]{1,20})[「『](?P<said>.*?)[」』]?$")
# Such as "**Ann:** Hi" and "*Ann*: Hi".
STARRED = re.compile(
    r"^(?:[-*>] )?(\*{1,3}|__?)(?P<name>[^*_:：\n]{1,80}?)(?:[:：]\s*\1|\1\s*[:：])\s*(?P<said>.*)$"
)
# Questions and answers, such as "Q. Your name?" and "A. Ann Lee."; between them others are named before a colon.
QUESTIONS = (("Q", "A"), ("F", "A"), ("P", "R"), ("Q", "R"), ("D", "R"), ("В", "О"))
ANSWERED = re.compile(r"^(?P<name>[^\W\d_])\d{0,3}[.)]?(?=\s)")
# "Ann - Hi", "Ann | Hi", "ann> Hi", "Ann:Hi" with names that come again.
MARKED = re.compile(
    r"^(?P<name>[^\W\d][^\s:|>–—\t-]{0,24}(?: [^\s:|>–—\t-]{1,24}){0,3}?)"
    r"(?P<mark>\s+[-–—|]\s+|\s?>\s+|\t+|:(?!//))(?P<said>\S.*)$"
)
MIN_ANSWERS = 2
# A name alone on a line, with what is said below it.
ABOVE = re.compile(r"[^\W\d][\w.'’ -]{0,38}[\w)]")


def read_timed(lines: Iterable[str], log: Log) -> Iterator[None]:
    """Read lines with a time before the name into a log."""
    for line in lines:
        match = TIMED.match(line)
        turn = _timed_turn(match) if match else None
        if match and turn:
            log.headers += 1
            log.add_turn(*turn, match["boxed"] or match["bare"])
        elif not log.headers or (match and EVENT.search(match["said"])):
            log.preface += not log.headers and bool(line.strip())
            log.leave_out("system", line)
        elif REPLY.match(line):
            log.leave_out("quote", line)
        else:
            log.extend_turn(line)
        yield


def _timed_turn(match: re.Match[str]) -> tuple[str, str] | None:
    """Return the speaker and the text behind a time, None for text without a speaker."""
    named = match["nick"] or match["tag"]
    if named:
        return named.strip(), match["said"].strip()
    other = MEETING.match(match["said"]) or PIPED.match(match["said"])
    return (other[1], other[2] or "") if other else turn_head(match["said"])


def questions_in(lines: Iterable[str]) -> re.Pattern[str] | None:
    """Return the header of turns that are questions and answers in turn, None for a list or any other text."""
    marks = [match["name"] for line in lines if (match := ANSWERED.match(spaced(line)))]
    pair = next((pair for pair in QUESTIONS if set(marks) == set(pair)), None)
    if pair is None or marks[0] != pair[0] or min(map(marks.count, pair)) < MIN_ANSWERS:
        return None
    mark, other = rf"[{''.join(pair)}](?=\d{{0,3}}[.)]?\s)", r"[^\W\d][\w.'’ -]{1,39}(?=:\s)"
    return re.compile(rf"^(?P<name>{mark}|{other})\d{{0,3}}[.):]?\s+(?P<said>\S.*)$")


def read_headed(lines: Iterable[str], log: Log, header: re.Pattern[str]) -> Iterator[None]:
    """Read lines whose `header` names the speaker, and perhaps the time, into a log.

    Behind a sound or markup the speaker goes on; a header without a name begins what no one says.
    """
    for block in blocks(lines, header, log):
        match = block.header
        groups = match.groupdict()
        time = groups.get("time") or groups.get("between") or ""
        said = [match["said"]]
        for line in block.lines:
            if MARKUP.match(spaced(line)):
                log.leave_out("system", line)
            else:
                said.append(line)
        name = match["name"]
        if not name:
            log.leave_out("system", "\n".join(said))
        elif names_no_one(name):
            log.leave_out("media" if is_sound(name) else "system", name)
            log.extend_turn("\n".join(said))
        else:
            log.add_turn(unmarked(name), "\n".join(said), time)
            yield
