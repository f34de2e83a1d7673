"""Texts of others as they are shown: what commands a terminal, hides or turns the writing is written out by its code.

Names, paths and messages come from files that anyone may have made. Marks that a right-to-left writing needs stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain, count

# Controls but for tabs and line ends; what turns the direction of writing; bytes of a path that are no UTF-8.
_COMMANDING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_NO_TEXT = re.compile(r"[\ud800-\udfff]")
# What some system refuses in a name, what a name can hide behind, and what turns it.
_NOT_IN_NAMES = re.compile(
    r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+'
)
MAX_NAME_BYTES = 100
# Names of devices on Windows, whatever follows a dot.
DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{kind}{number}" for kind in ("com", "lpt") for number in range(10))}
)
# What Markdown makes something of within a line, and at its beginning.
_INLINE_MARKDOWN = re.compile(r"[\\`*_\[\]<>&~|$@]|:(?=//)|(?<=www)\.")
_START_MARKDOWN = re.compile(r"^(\s*)(?:([#+=:-])|(\d+)(?=[.)](?:\s|$)))")
_LINE_ENDS = re.compile(r"[\t\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")


def escaped(text: str) -> str:
    """Return a text without commands: each is written out by its code. Tabs and line ends stay."""
    return _COMMANDING.sub(_code, text)


def in_one_line(text: str) -> str:
    """Return a name as it is shown within a line: without commands, and line ends are spaces."""
    return escaped(_LINE_ENDS.sub(" ", text))


def markdown(line: str) -> str:
    """Return a line of which Markdown makes nothing but text: no picture, link, heading or tag."""
    return _START_MARKDOWN.sub(_escaped_start, _INLINE_MARKDOWN.sub(r"\\\g<0>", in_one_line(line)))


def _escaped_start(start: re.Match[str]) -> str:
    space, mark, number = start.groups()
    return f"{space}{number}\\" if number else f"{space}\\{mark}"


def encodable(text: str) -> str:
    """Return a text that any encoding of Unicode can hold: bytes that are no UTF-8 are written out, all else stays."""
    return _NO_TEXT.sub(_code, text)


def file_name(name: str) -> str:
    """Return a name as a file's name, which every system allows and which looks as it is; "" if nothing is left."""
    plain = _NOT_IN_NAMES.sub("-", name).strip(" .-")
    if plain.partition(".")[0].strip().casefold() in DEVICES:
        plain = f"_{plain}"
    return plain.encode("utf-8")[:MAX_NAME_BYTES].decode("utf-8", "ignore").rstrip(" .-")


def unused(name: str, is_taken: Callable[[str], bool], form: str = "{}-{}") -> str:
    """Return a name that is not taken: the given one, else with the first free number from 2 on."""
    numbered = (form.format(name, number) for number in count(2))
    return next(each for each in chain([name], numbered) if not is_taken(each))


def _code(match: re.Match[str]) -> str:
    number = ord(match[0])
    # Python holds the byte 0xFF of a path as U+DCFF.
    if 0xDC80 <= number <= 0xDCFF:
        return f"\\x{number - 0xDC00:02x}"
    return match[0].encode("unicode_escape").decode("ascii")
