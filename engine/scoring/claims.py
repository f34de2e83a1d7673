"""What claims are, in any language: spans of a text with all their possible meanings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

ClaimKind = Literal["name", "number", "time", "date"]
Fact = tuple[str, float]
# Far below what a float holds, so that it can still be multiplied.
LARGEST = 1e200


@dataclass(frozen=True)
class Claim:
    """A span of a summary, from `start` up to `end`, that can be true or false by itself."""

    start: int
    end: int
    text: str
    kind: ClaimKind


@dataclass(frozen=True)
class Reading:
    """A claim with its possible meanings: it is supported if a conversation has one of them."""

    claim: Claim
    facts: frozenset[Fact]


def clock_time(hour: int, minute: int) -> Fact:
    """Return a time of day in the 12-hour system, so that 17:00 and 5 pm are equal."""
    return ("time", hour % 12 * 60.0 + minute)


def value_of(number: str) -> float:
    """Return the value of a decimal number; all that are too large for a float are one."""
    return min(float(number), LARGEST)


def digits(text: str) -> list[int]:
    """Return the whole numbers of a text."""
    return [int(value_of(number)) for number in re.findall(r"\d+", text)]


def iso_date(text: str) -> set[Fact]:
    """Return what 2026-05-14 says: a month, and a number."""
    _, month, day = digits(text)
    return {("month", month - 1.0), ("number", float(day))}


def day_and_month(text: str) -> set[Fact]:
    """Read 5/14 and 14.5. alike: either number may be the month; 4.30 at the end of a sentence is a time."""
    first, second, *_ = digits(text)
    numbers: set[Fact] = {("number", float(first)), ("number", float(second)), clock_time(first, second)}
    return numbers | {("month", first - 1.0), ("month", second - 1.0)}


def begins_sentence(text: str, start: int) -> bool:
    """Tell whether a word that begins at `start` begins a sentence, a line or a quotation."""
    before = text[:start].rstrip(" \t\"'“‘(-–«„»¿¡")
    return not before or before[-1] in ".!?:;\n…"
