"""When messages were written: from times as exports write them to moments that can be compared.

Exports write dates in the order of their language and do not say which that is, so the times of a chat are read
together, in the order that makes them go forward. Zones are passed over, as within a chat they are the same: all
moments are as the clock on the wall showed them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

EPOCH = re.compile(r"^\d{9,10}(?:\.\d+)?$")
DATE = re.compile(r"(?<!\d)(\d{1,4})(?:[./-] ?|年|년 )(\d{1,2})(?:[./-] ?|月|월 )(\d{1,4})")
CLOCK = re.compile(r"(?<!\d)(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?!\d)")
AFTER_NOON = re.compile(r"(?<![^\W\d_])p\.? ?m\b|오후|午後|下午|μ\.? ?μ", re.IGNORECASE)
BEFORE_NOON = re.compile(r"(?<![^\W\d_])a\.? ?m\b|오전|午前|上午|π\.? ?μ", re.IGNORECASE)
NOON = 12
MAX_DAY = 31
CENTURY = 2000
Numbers = tuple[int, int, int]
# Year, month and day of three numbers, in the orders in which languages write them.
ORDERS: tuple[Callable[[Numbers], Numbers], ...] = (
    lambda found: (found[2], found[1], found[0]),
    lambda found: (found[2], found[0], found[1]),
    lambda found: found,
)


def moment(text: str) -> datetime | None:
    """Return a time that is written as ISO 8601 with a date, or in seconds since 1970; None for any other."""
    if EPOCH.match(text):
        return datetime.fromtimestamp(float(text), UTC)
    if len(text) <= len("2024-01-01"):
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def moments(texts: Sequence[str]) -> list[datetime | None]:
    """Return the times of a chat, in its order; None for those without a date."""
    exact = [moment(text) for text in texts]
    if any(exact):
        return exact
    parts = [_parts(text) for text in texts]
    read = [[_dated(part, order) for part in parts] for order in ORDERS]
    return max(read, key=_likeliness)


def _parts(text: str) -> tuple[Numbers, timedelta] | None:
    """Return the three numbers of a date, and the time of day."""
    date = DATE.search(text)
    clock = CLOCK.search(text, date.end()) if date else None
    if not date or not clock:
        return None
    hour = int(clock[1])
    if AFTER_NOON.search(text) and hour < NOON:
        hour += NOON
    elif BEFORE_NOON.search(text) and hour == NOON:
        hour = 0
    return (int(date[1]), int(date[2]), int(date[3])), timedelta(hours=hour, minutes=int(clock[2]))


def _dated(parts: tuple[Numbers, timedelta] | None, order: Callable[[Numbers], Numbers]) -> datetime | None:
    if parts is None:
        return None
    year, month, day = order(parts[0])
    # Where the year comes first it is written whole.
    if order is ORDERS[-1] and year <= MAX_DAY:
        return None
    try:
        return datetime(year if year > MAX_DAY else year + CENTURY, month, day, tzinfo=UTC) + parts[1]
    except (ValueError, OverflowError):
        return None


def _likeliness(read: Iterable[datetime | None]) -> tuple[int, int, float]:
    """Return how much speaks for times: those that are possible, then few steps back, then a short span."""
    moments = [each for each in read if each is not None]
    if not moments:
        return 0, 0, 0.0
    back = sum(after < before for before, after in pairwise(moments))
    return len(moments), -back, -(max(moments) - min(moments)).total_seconds()
