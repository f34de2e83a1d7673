"""Finds turns that follow each other in one line: "Ann: hi Bob: yo Ann: so". Pure functions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

# Fewer turns, or names that never come again, may be headings in prose.
MIN_TURNS = 3
MAX_NAME_WORDS = 3
MAX_NAME_CHARACTERS = 40
_COLON = re.compile(r":(?= )")
_SENTENCE_END = re.compile(r"[^\w\s,;:'’(-]\s*$")


def parted(text: str) -> str:
    """Return a line with each turn on a line of its own; any other text as it stands."""
    starts = _starts(text)
    ends = [*starts[1:], len(text)]
    return (
        "\n".join(text[start:end].strip() for start, end in zip(starts, ends, strict=True))
        if starts
        else text
    )


def holds_several(text: str) -> bool:
    """Return whether a text is one line with the turns of several speakers."""
    return bool(_starts(text))


def _starts(text: str) -> list[int]:
    """Return where the turns of a line begin, none if it is no such line."""
    if "\n" in text.strip() or text.count(": ") < MIN_TURNS:
        return []
    heads = [list(_candidates(text, colon.start())) for colon in _COLON.finditer(text)]
    if not heads or not any(start == 0 for start, _ in heads[0]):
        return []
    names = _names(text, heads)
    found = [each for each in (_first_named(candidates, names) for candidates in heads) if each]
    speakers = Counter(name for _, name in found)
    is_talk = len(found) >= MIN_TURNS and 1 < len(speakers) < len(found)
    return [start for start, _ in found] if is_talk and found[0][0] == 0 else []


def _candidates(text: str, end: int) -> Iterator[tuple[int, str]]:
    """Yield where the words before a colon begin, and these words, the longest first.

    Where the line begins in small letters, one such word is a name too: "customer", "support".
    """
    before = text[max(0, end - MAX_NAME_CHARACTERS - 1) : end].rpartition(":")[2]
    words = before.split(" ")[-MAX_NAME_WORDS:]
    for count in range(len(words), 0, -1):
        name = " ".join(words[-count:])
        is_whole = len(name) == end or text[end - len(name) - 1] == " "
        is_small = name[:1].islower() and not (count == 1 and text[0].islower())
        if name and is_whole and not is_small and not name[0].isspace():
            yield end - len(name), name


def _names(text: str, heads: list[list[tuple[int, str]]]) -> set[str]:
    """Return what is a name: what begins the line or a sentence, or comes again before a colon."""
    counts = Counter(name for candidates in heads for _, name in candidates)
    at_start = {
        name
        for candidates in heads
        for start, name in candidates
        if start == 0 or (not name[0].islower() and _SENTENCE_END.search(text[max(0, start - 4) : start]))
    }
    return {name for name, count in counts.items() if count > 1} | at_start


def _first_named(candidates: list[tuple[int, str]], names: set[str]) -> tuple[int, str] | None:
    return next((each for each in candidates if each[1] in names), None)
