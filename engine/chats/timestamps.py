"""Parses the times of exports into moments that can be compared.

Exports write day, month and year in the order of their language without saying which, so all times of a chat are parsed
together, in the order in which they go forward. Time zones are ignored, since they are the same within a chat: moments
are local times.
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
    lambda numbers: (numbers[2], numbers[1], numbers[0]),
    lambda numbers: (numbers[2], numbers[0], numbers[1]),
    lambda numbers: numbers,
)


def moment(text: str) -> datetime | None:
    """Return the moment of a time in ISO 8601 with a date, or in seconds since 1970; None for any other format."""
    if EPOCH.match(text):
        return datetime.fromtimestamp(float(text), UTC)
    if len(text) <= len("2024-01-01"):
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def moments(texts: Sequence[str]) -> list[datetime | None]:
    """Return the moments of a chat's times, in their order; None for those without a date."""
    exact = [moment(text) for text in texts]
    if any(exact):
        return exact
    parts = [_parts(text) for text in texts]
    readings = [[_dated(part, order) for part in parts] for order in ORDERS]
    return max(readings, key=_likeliness)


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


def _dated(
    date_and_time: tuple[Numbers, timedelta] | None, order: Callable[[Numbers], Numbers]
) -> datetime | None:
    if date_and_time is None:
        return None
    year, month, day = order(date_and_time[0])
    # A year that comes first has four digits.
    if order is ORDERS[-1] and year <= MAX_DAY:
        return None
    try:
        return datetime(year if year > MAX_DAY else year + CENTURY, month, day, tzinfo=UTC) + date_and_time[1]
    except (ValueError, OverflowError):
        return None


def _likeliness(times: Iterable[datetime | None]) -> tuple[int, int, float]:
    """Return how likely an order is: most valid dates first, then fewest steps back, then the shortest span."""
    moments = [each for each in times if each is not None]
    if not moments:
        return 0, 0, 0.0
    back = sum(after < before for before, after in pairwise(moments))
    return len(moments), -back, -(max(moments) - min(moments)).total_seconds()
