"""Tells a transcript in which no one is named from prose. Pure functions."""

from __future__ import annotations

import re

from engine.text.conversations import turn_head

MIN_LINES = 4
# The ways in which lines of unknown exports begin, and how many of a text's lines need to.
SHAPES = (
    (re.compile(r"^\s*[\[(<{【]?[^\[\]()<>]{0,40}?\b\d{1,2}[:.]\d{2}(?!\d)"), 0.5),
    (re.compile(r"^\s*[\[({<【［＜].{1,60}?[\])}>】］＞]"), 0.5),
    (re.compile(r"^\s*(?:>>|[-–—•*]\s).{1,300}$"), 0.8),
    (re.compile(r"^\s*[\"“„«「『].{1,300}$"), 0.6),
    (re.compile(r"^\s*\{.*\}\s*,?$"), 0.5),
    (re.compile(r"^\s*[QA]\d{0,3}[.)]?\s+\S"), 0.5),
    (re.compile(r"^[^\t|]{1,60}(?:\t|\s\|\s).+$"), 0.8),
)


def lacks_speakers(text: str) -> bool:
    """Return whether no line of a text names a speaker though it looks like a transcript."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < MIN_LINES or any(map(_names_someone, lines)):
        return False
    return any(
        sum(shape.match(line) is not None for line in lines) >= share * len(lines) for shape, share in SHAPES
    )


def _names_someone(line: str) -> bool:
    head = turn_head(line)
    # The keys of JSON stand before a colon too.
    return head is not None and not head[0].startswith(("{", "["))
