"""IRC logs of irssi, WeeChat, HexChat, ZNC, mIRC and others: who says what, apart from the server's own lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from engine.chats.chat import Log
from engine.chats.line_parsing import names_no_one, spaced
from engine.text.conversations import Turn

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]m)?"
# The time at a line's start, with or without a date, in brackets or bare.
TIME = (
    rf"(?:\[[^\[\]]{{0,30}}\] )?(?P<time>[\[(]?(?:\d{{4}}-\d{{2}}-\d{{2}}[ T]|\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}} |"
    rf"{_MONTH} \d{{1,2}} |\d{{1,2}} {_MONTH} (?:\d{{4}} )?)?{_CLOCK}[\])]?)"
)
_NICK = r"[^\s<>:*\[\]()!][^\s<>:*()!]{0,39}"
_SIGN = r"[~&@%+!. ]?"
# "<@ann> hi", of HexChat with a tab behind it; irssi may show a mode and the time may be missing. Others write
# "<ann>: hi" and "<ann>hi</ann>".
SAID = re.compile(
    rf"^(?:{TIME}\s+)?(?:\[[^\s\[\]]{{1,20}}\] )?<{_SIGN}(?P<nick>{_NICK})>(?::(?=\s))?\s?"
    r"(?P<said>.*?)(?:\s?</(?P=nick)>)?$",
    re.IGNORECASE,
)
# A piece of a page looks like such lines.
MARKUP = re.compile(
    r"^<(p|b|i|u|em|strong|span|div|li|ul|ol|h\d|a|td|tr|th|table|pre|code|title|body)\b[^>]*>.*</",
    re.IGNORECASE,
)
TIMED_SAID = re.compile(rf"^{TIME}\s+<{_SIGN}{_NICK}>", re.IGNORECASE)
# WeeChat: "2024-01-05 10:00:12<tab>@ann<tab>hi".
TABBED = re.compile(rf"^{TIME}\t(?P<nick>\S{{0,3}}|{_SIGN}{_NICK})\t(?P<said>.*)$", re.IGNORECASE)
ACTION = re.compile(rf"^(?:{TIME}\s+)?\*{{1,3}}\s+(?P<nick>{_NICK})\s+(?P<said>.*)$", re.IGNORECASE)
SERVER = re.compile(
    rf"^(?:{TIME}\s+)?(?:-!-|\*{{3,4}}|-->|<--|---|==|=!=|•|→|←|-\S+-)\s+(?P<said>.*)$", re.IGNORECASE
)
# What the server says of someone, in the form of an action: HexChat and mIRC write one star before both.
EVENT = re.compile(
    r"^(?:\S+ )?(?:\([^()]*\) |\[[^\[\]]*\] )?(?:has |have |is |are )?(?:now )?"
    r"(?:joined|joins|left|leaves|parted|parts|quits?|"
    r"(?:been )?kicked|kicks|sets? (?:mode|channel|topic|the topic)|gives|removes (?:channel|voice|ban)|known as|"
    r"changes? (?:the )?topic|changed the topic|topic (?:for|is|set)|disconnect|connect|talking (?:on|in)|"
    r"you are now|now talking|channel (?:mode|created)|ping timeout|\[?~?\S+@\S+\]? has)\b",
    re.IGNORECASE,
)
# "--- Day changed Sat Jan 06 2024", "**** BEGIN LOGGING AT Fri Jan  5 10:00:00 2024", "Session Start: …".
DAY = re.compile(
    r"^(?:---|\*{4}|Session (?:Start|Time|Close|Ident)|===|#)[ :]+(?:log (?:opened|closed)|day changed(?: to)?|"
    r"(?:begin|end(?:ing)?) logging(?: at)?)?[: ]*(?P<day>.*)$",
    re.IGNORECASE,
)
NAMED_DAY = re.compile(
    rf"\b(?P<month>{_MONTH})\s+(?P<day>\d{{1,2}})(?:,|\s+[\d:]+)?\s+(?P<year>\d{{4}})\b", re.IGNORECASE
)
DAY_FIRST = re.compile(rf"\b(?P<day>\d{{1,2}})\.? (?P<month>{_MONTH}) (?P<year>\d{{4}})\b", re.IGNORECASE)
ISO_DAY = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")
# ZNC and others keep a file a day: "2024-01-05.log", "#bread_20240105.log".
NAME_DAY = re.compile(r"(?<!\d)((?:19|20)\d{2})([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
DATED = re.compile(r"\d[./-]\d")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH_AND_DAY = re.compile(rf"({'|'.join(MONTHS)})[a-z]*\.? (\d{{1,2}}) ", re.IGNORECASE)
SERVER_NICKS = {"", "-->", "<--", "--", "=!=", "*", "***"}
# Colours and styles of mIRC.
STYLES = re.compile("\x03(?:\\d{1,2}(?:,\\d{1,2})?)?|[\x02\x0f\x11\x16\x1d\x1e\x1f]")


def read(lines: Iterable[str], log: Log) -> Iterator[None]:
    """Read the lines of a log, one by one; the day of a time is that of the last line that names one."""
    day = ""
    for raw in lines:
        line = spaced(STYLES.sub("", raw)) if "\t" not in raw else STYLES.sub("", raw).rstrip()
        if not line:
            continue
        changed = DAY.match(line)
        if changed and not SAID.match(line):
            day = _day_in(changed["day"]) or day
            log.leave_out("system", line)
        else:
            _add_line(line, day, log)
        yield


def _add_line(line: str, day: str, log: Log) -> None:
    tabbed = TABBED.match(line)
    said = SAID.match(line)
    if said or (tabbed and tabbed["nick"].strip() not in SERVER_NICKS):
        match = said or tabbed
        log.headers += 1
        if match and names_no_one(match["nick"]) and not match["time"]:
            log.leave_out("media", match["nick"])
            log.extend_turn(match["said"])
        elif match:
            log.add_turn(match["nick"].lstrip("~&@%+!. "), match["said"], _time(match["time"], day))
        return
    action = _action(line, tabbed)
    if action and not EVENT.match(action[1]) and not EVENT.match(f"{action[0]} {action[1]}"):
        log.headers += 1
        log.add_turn(action[0], action[1], _time(action[2], day))
    elif action or tabbed or SERVER.match(line) or not log.headers:
        log.headers += bool(action or tabbed or SERVER.match(line))
        log.leave_out("system", line)
    else:
        log.extend_turn(line)


def _action(line: str, tabbed: re.Match[str] | None) -> tuple[str, str, str] | None:
    """Return who does something, what and when, of a line "* ann waves"."""
    if tabbed and tabbed["nick"].strip() == "*":
        nick, _, what = tabbed["said"].partition(" ")
        return nick, what, tabbed["time"]
    match = ACTION.match(line)
    return (match["nick"], match["said"], match["time"] or "") if match and "***" not in line[:30] else None


def _day_in(text: str) -> str:
    """Return the date in a line about a day as year-month-day, "" for none."""
    iso = ISO_DAY.search(text)
    if iso:
        return iso[1]
    named = NAMED_DAY.search(text) or DAY_FIRST.search(text)
    if not named:
        return ""
    month = MONTHS.index(named["month"][:3].lower()) + 1
    return f"{named['year']}-{month:02}-{int(named['day']):02}"


def _time(time: str | None, day: str) -> str:
    plain = (time or "").strip("[]()")
    if not day or not plain or DATED.search(plain):
        return plain
    # HexChat writes month and day, but no year.
    named = MONTH_AND_DAY.match(plain)
    if named:
        month = MONTHS.index(named[1].lower()) + 1
        return f"{day[:4]}-{month:02}-{int(named[2]):02} {plain[named.end() :]}"
    return f"{day} {plain}"


def on_day_named(turns: Iterable[Turn], name: str) -> Iterator[Turn]:
    """Yield turns whose times lack a date with the day in a file's name, if it has one."""
    named = NAME_DAY.search(name)
    day = f"{named[1]}-{named[3]}-{named[4]}" if named else ""
    return (replace(turn, time=_time(turn.time, day)) for turn in turns)
