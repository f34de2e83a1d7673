"""Text copied from Slack, Teams, Discord and Telegram, and transcripts: header lines with messages below them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from engine.chats.chat import Kind, Log
from engine.chats.line_parsing import DATE, EDITED, WHEN, Block, blocks, filled, spaced, unmarked

NAME = r"(?P<name>[^\s\[\]:—–][^\[\]:\n]{0,79}?)"
CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?: ?[AaPp]\.?[Mm]\.?)?"
DAY = (
    r"(?:today|yesterday|heute|gestern|aujourd’hui|hier|hoy|ayer|(?:mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch)"
)
MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?|"
    r"(?:januar|februar|märz|mai|juni|juli|oktober|dezember)"
)
DAY_OF_MONTH = rf"(?:(?:{MONTH}) \d{{1,2}}(?:st|nd|rd|th)?|\d{{1,2}}\.? (?:{MONTH}))"
DIVIDER = rf"(?:{DAY}|(?:{DAY},? )?{DAY_OF_MONTH}(?:,? \d{{4}})?|new)"


@dataclass(frozen=True)
class Style:
    """The format of one application's copied messages.

    `header` matches the line that begins a message. Lines that match `system` are left out anywhere, those that match
    `around` only behind a message's text: dividers, counts of replies and reactions. `preamble` begins a line
    before the first message. A text has at least `min_messages` of them.
    """

    kind: Kind
    header: re.Pattern[str]
    header_text: str
    media: str = r"[\[<({]\s*[^\[\]<>(){}]{3,60}\s*[\])>}]"
    system: str = r"(?!)"
    around: str = DIVIDER
    preamble: str = ""
    min_messages: int = 2


DISCORD_MEDIA = r"Image|\{(?:Attachments|Embed|Stickers)\}|https://(?:cdn|media)\.discordapp\.\S+"
DISCORD_SYSTEM = (
    r".{1,40} (?:joined the (?:server|party)|pinned a message to this|started a call|added .{1,40} to the group|"
    r"just boosted the server).*|=+|Exported \d+ message.*|\{Reactions\}"
)
DISCORD_WHEN = rf"(?P<time>(?:{DAY},? )?(?:at |um |à )?(?:{DATE},? )?{CLOCK})"
BOXED = rf"\[(?P<time>(?:{WHEN}|(?:{DAY},? )?(?:at )?{CLOCK}))\]"
STYLES = (
    Style(
        "telegram",
        re.compile(rf"^{NAME}, \[(?P<time>[^\[\]:]{{0,40}}\b{CLOCK})\]:?$"),
        "Name, [date time]",
        media=r"\[ ?(?:photo|video|voice|sticker|file|gif|animation|audio|poll|contact|location|album|foto|"
        r"sprachnachricht|datei)\b[^\[\]]{0,120}\]",
        system=r"\[?(?:forwarded from|in reply to) .{1,80}",
        min_messages=1,
    ),
    Style(
        "discord",
        re.compile(rf"^{NAME} ?[—–] ?{DISCORD_WHEN}$", re.IGNORECASE),
        "Name — date time",
        media=DISCORD_MEDIA,
        system=DISCORD_SYSTEM,
        around=rf"{DIVIDER}|\[{CLOCK}\]",
        min_messages=1,
    ),
    Style(
        "discord",
        re.compile(rf"^{BOXED} {NAME}$"),
        "[date time] Name",
        media=DISCORD_MEDIA,
        system=DISCORD_SYSTEM,
        preamble="Guild: ",
        min_messages=1,
    ),
    Style(
        "slack",
        re.compile(rf"^(?:{NAME}(?: ?:[\w+-]+:)? *)?\[(?P<time>{CLOCK})\]$"),
        "Name [time]",
        media=r"\S{1,120}\.(?:png|jpe?g|gif|mp4|mov|pdf|heic|webp|docx?|xlsx?|pptx?|zip)",
        system=r"(?:joined|left|was added to|archived|renamed|set the (?:channel|topic)) [#a-z].*|only visible to you",
        around=rf"{DIVIDER}|\d+ (?:repl(?:y|ies)|files?)|(?:last|view) (?:reply|thread|newer|older).*|"
        rf"(?::[\w+-]+:)+ ?\d*|\d{{1,3}}",
    ),
    Style(
        "teams",
        re.compile(rf"^{BOXED} {NAME}$", re.IGNORECASE),
        "[date time] Name",
        system=r".{1,60} (?:added .{1,60} to the (?:chat|team|meeting)|(?:joined|left) the (?:meeting|chat)).*|"
        r"(?:meeting|call) (?:started|ended).*",
        around=rf"{DIVIDER}|like \d+|\d+ (?:like|heart|laugh)s?|last read",
    ),
    Style(
        "google_chat",
        re.compile(
            rf"^{NAME}, (?P<time>(?:(?:{DAY}|{DAY_OF_MONTH}|[A-Z][a-z]{{2}})(?:,? \d{{4}})?,? )?(?:at )?{CLOCK})$",
            re.IGNORECASE,
        ),
        "Name, day, time",
    ),
    Style(
        "transcript",
        re.compile(
            rf"^(?:\[{NAME}\] |{NAME.replace('<name>', '<plain>')}(?: {{2,}}|\t+| [-–|·•] | (?=\()))"
            r"\(?(?P<time>(?:\d{1,2}:)?\d{1,3}:\d{2})\)?$"
        ),
        "Name  minutes:seconds",
        system=r"(?:transcribed by https?://otter\.ai).*",
        around=r"(?!)",
    ),
)
DISCORD, SLACK, TEAMS = (
    next(style for style in STYLES if style.kind == kind) for kind in ("discord", "slack", "teams")
)
BESIDE = re.compile(rf"^{NAME} {{2,}}(?P<time>\d{{1,2}}:\d{{2}} [AP]M)$")
BELOW = re.compile(rf"^(?::[\w+-]+: *)?(?P<time>{CLOCK})$")
DAY_BELOW = re.compile(rf"^(?:{DAY}|{DATE}),? (?:at )?{CLOCK}$", re.IGNORECASE)
ONE_NAME = re.compile(rf"^{NAME}$")
DASHES = "—–"
DASH_AND_WHEN = re.compile(rf"^[—–] ?{DISCORD_WHEN}$", re.IGNORECASE)
DASH_AT_END = re.compile(rf"^{NAME} [—–] {DISCORD_WHEN}$", re.IGNORECASE)


def read(
    lines: Iterable[str], log: Log, style: Style, join: Callable[[Iterable[str]], Iterable[str]] = iter
) -> Iterator[None]:
    """Read the messages of one application into a log, one by one; `join` puts their names and times together."""
    speaker = ""
    for block in blocks(join(lines), style.header, log):
        named = block.header.groupdict()
        # Slack does not repeat the name for the next message of the same person.
        speaker = unmarked(named["name"] or named.get("plain") or speaker)
        _add_message(block, speaker, style, log)
        yield


def _discord(above: str, line: str) -> str:
    """Return Discord's name and time together, which some browsers copy as two lines, "" for other lines."""
    whole = f"{above} {line}"
    return whole if line in DASHES or DASH_AND_WHEN.match(line) or DASH_AT_END.match(whole) else ""


def _teams(above: str, line: str) -> str:
    """Return Teams' day and time in brackets before the name that stands above them, "" for other lines."""
    return f"[{line}] {above}" if DAY_BELOW.match(line) and ONE_NAME.match(above) else ""


def _join(lines: Iterable[str], together: Callable[[str, str], str]) -> Iterator[str]:
    """Yield lines, one for two where these belong `together`."""
    above = ""
    for line in filled(lines):
        whole = together(above, line) if above else ""
        if above and not whole:
            yield above
        above = whole or line
    yield above


def _join_slack(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines with Slack's times in brackets behind the name, from behind it or from the line below."""
    above, count = "]", 0
    for raw in lines:
        line = spaced(raw)
        beside, time = BESIDE.match(line), BELOW.match(line)
        # The time of a person's first message is indented, or has AM or PM.
        first = time and (raw[:1].isspace() or re.search(r"[AaPp]\.?[Mm]", line) or count == 1)
        if time and first and ONE_NAME.match(above):
            above = f"{above} [{time['time']}]"
            continue
        if beside:
            line = f"{beside['name']} [{beside['time']}]"
        elif time and not above.endswith("]"):
            # The next message of the same person has a time but no name.
            line = f"[{time['time']}]"
        if line:
            if count:
                yield above
            above, count = line, count + 1
    if count:
        yield above


# Name and time that a browser copies onto two lines, and what puts them together.
JOINED: tuple[tuple[Style, Callable[[Iterable[str]], Iterator[str]]], ...] = (
    (DISCORD, partial(_join, together=_discord)),
    (SLACK, _join_slack),
    (TEAMS, partial(_join, together=_teams)),
)


def _add_message(block: Block, speaker: str, style: Style, log: Log) -> None:
    lines: list[str] = []
    for line in filled(block.lines):
        text = unmarked(line)
        edited = EDITED.search(text)
        if edited:
            log.leave_out("system", edited[0])
            text = text[: edited.start()].rstrip()
        if re.fullmatch(style.media, text, re.IGNORECASE):
            log.leave_out("media", text)
        elif re.fullmatch(style.system, text, re.IGNORECASE) or (
            lines and re.fullmatch(style.around, text, re.IGNORECASE)
        ):
            log.leave_out("system", text)
        else:
            lines.append(text)
    log.add_turn(speaker, "\n".join(lines), block.header["time"])
