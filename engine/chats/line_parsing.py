"""Parses line-by-line exports: dates, times, invisible marks, and blocks below headers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from engine.chats.chat import Log

# Invisible direction marks that applications put before names and numbers.
MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
SPACES = re.compile("[\u00a0\u2007\u2009\u202f]")
# In lines from right to left, direction marks stand between the numbers.
_MARK = "[\u200e\u200f\u202a-\u202e\u2066-\u2069]*"
DATE = (
    rf"(?:{_MARK}\d{{1,4}}{_MARK}[./-] ?{_MARK}\d{{1,2}}{_MARK}[./-] ?{_MARK}\d{{1,4}}{_MARK}\.?|"
    r"\d{4}年\d{1,2}月\d{1,2}日|\d{4}년 \d{1,2}월 \d{1,2}일)"
)
# Words such as "um", "à" or "klo" precede a time, and AM, "p. m." or "अपराह्न" stand on either side.
_WORD = r"[^\W\d_][^\s\d:,،\[\]()<>–-]{0,9}"
TIME = rf"(?:{_WORD} ?)?{_MARK}\d{{1,2}}[:.]\d{{2}}(?:[:.]\d{{2}})?{_MARK}(?: ?{_WORD}(?: {_WORD})?)?{_MARK}"
# Such as "Dec 31, 2023" and "31 December 2023".
NAMED_DATE = r"(?:[A-Z][a-z]{2,8}\.? \d{1,2}, \d{4}|\d{1,2}\.? [^\W\d_]{3,9}\.? \d{4})"
WHEN = rf"{DATE}[,،]? (?:{_WORD} ){{0,2}}{TIME}"
EDITED = re.compile(r"\((?:edited|bearbeitet|modifié|editado|modificato|bewerkt)\)\s*$", re.IGNORECASE)
# What transcripts say in brackets of no one, such as [laughs], <another_yawn> and [phone rings].
SOUND = re.compile(
    r"(?<![^\W_])(?:laugh|chuckl|giggl|applau|clap|cheer|music|inaudible|indiscernible|cross ?talk|silen|paus|noise|"
    r"cough|clears throat|sigh|sniff|sneez|yawn|breath|inhal|exhal|gasp|groan|grunt|moan|sob|scream|whisper|mumbl|"
    r"stutter|smack|click|ring|beep|static|background|unclear|unintelligible|overlap|lachen|lacht|musik|"
    r"unverständlich|rire|risa)(?:s|e|es|ed|er|se|ce|ing|ping|ter)?(?![^\W_])|^foreign$|笑|拍手|音楽",
    re.IGNORECASE,
)

# What stands in angle brackets in pages, corpora and prompts, and names no one; more if it has an attribute or an end.
ELEMENTS = frozenset((
    "p", "s", "br", "brk", "hr", "div", "span", "em", "strong", "li", "ul", "ol", "td", "tr", "th", "table", "pre",
    "code", "title", "head", "body", "html", "doc", "text", "input", "output", "bos", "eos", "unk", "pad", "sep", "sil",
))  # fmt: skip
MARKUP = re.compile(r"^</?[A-Za-z][\w-]{0,30}(?:\s[^<>]{0,300})?/?>$")
# Lines that come again and are said, not who says something.
SAID_ALONE = frozenset((
    "yes", "no", "yeah", "yep", "nope", "ok", "okay", "oh", "hm", "hi", "hello", "hey", "bye", "thanks", "right",
    "well", "so", "ja", "nein", "oui", "non", "sí", "si", "hola", "hallo",
))  # fmt: skip


class Block(NamedTuple):
    """A message in a text: its header line, and the lines below it."""

    header: re.Match[str]
    lines: list[str]


def spaced(line: str) -> str:
    """Return a line with plain spaces, without direction marks at its start."""
    if line.isascii():
        return line.strip()
    return SPACES.sub(" ", line).lstrip("\u200e\u200f\u202a\u202b\u202c\ufeff ").rstrip()


def names_no_one(bracketed: str) -> bool:
    """Return whether what stands in brackets is markup or a sound, and no speaker."""
    is_markup = "=" in bracketed or bracketed.endswith("/") or bracketed.lower() in ELEMENTS
    return is_markup or is_sound(bracketed)


def is_sound(bracketed: str) -> bool:
    """Return whether words in brackets say what is heard, and not who speaks: "laughs", "phone rings"."""
    return SOUND.search(bracketed) is not None


def may_be_name(line: str) -> bool:
    """Return whether a line of its own may name a speaker: a word, or several that end in a capital or a number."""
    return line.lower() not in SAID_ALONE and (" " not in line or not line.rsplit(" ", 1)[1][0].islower())


def unmarked(text: str) -> str:
    """Return a text without direction marks."""
    return text.strip() if text.isascii() else MARKS.sub("", text).strip()


def blocks(lines: Iterable[str], header: re.Pattern[str], log: Log) -> Iterator[Block]:
    """Yield a block for each header; `log` gets the filled lines before the first one, and counts the headers."""
    block: Block | None = None
    for line in lines:
        match = header.match(spaced(line))
        if match:
            log.headers += 1
            if block:
                yield block
            block = Block(match, [])
        elif block:
            block.lines.append(line)
        elif line.strip():
            log.preface += 1
            log.leave_out("system", spaced(line))
    if block:
        yield block


def filled(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines that are not blank, with plain spaces."""
    return (line for line in map(spaced, lines) if line)
