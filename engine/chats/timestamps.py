"""Parses the times of exports into moments that can be compared.

Exports write day, month and year in the order of their language without saying which, so all times of a chat are parsed
together, in the order in which they go forward. They are local times; one with an offset keeps it, so that it compares
with those of other offsets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

EPOCH = re.compile(r"^\d{9,10}(?:\.\d+)?$")
# Seconds since 1970, or thousandths or millionths of them.
EPOCH_DIGITS = re.compile(r"1\d{12}|1\d{15}")
DATE = re.compile(r"(?<!\d)(\d{1,4})(?:[./-] ?|年|년 )(\d{1,2})(?:[./-] ?|月|월 )(\d{1,4})")
# The beginnings of months in the languages that exports spell them in.
MONTHS = (
    ("jan", "ene", "янв", "sty", "oca", "gen"), ("feb", "fév", "fev", "фев", "lut", "şub"),
    ("mar", "mär", "mrz", "мар", "mrt", "maa"), ("apr", "avr", "abr", "апр", "kwi", "nis"),
    ("may", "mai", "mei", "maj", "мая", "май", "mag"), ("jun", "juin", "giu", "июн", "cze", "haz"),
    ("jul", "juil", "lug", "июл", "lip", "tem"), ("aug", "aoû", "ago", "авг", "sie", "ağu"),
    ("sep", "set", "сен", "wrz", "eyl"), ("oct", "okt", "out", "ott", "окт", "paź", "eki"),
    ("nov", "ноя", "lis", "kas"), ("dec", "dez", "déc", "dic", "дек", "gru", "ara"),
)  # fmt: skip
NUMBERS = {name: number for number, names in enumerate(MONTHS, start=1) for name in names}
MONTH = r"(?P<month>[^\W\d_]{3,12})\.?"
NAMED_DATE = re.compile(
    rf"(?<!\d)(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th)?(?: de| of|-)?[ -]{MONTH}(?: de|,|-)?[ -]?(?P<year>\d{{4}})|"
    rf"{MONTH.replace('month', 'month_first')} (?P<second>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<last>\d{{4}})",
    re.IGNORECASE,
)
# Years of the Buddhist calendar, in Thai exports.
BUDDHIST = range(2500, 2700)
BUDDHIST_AHEAD = 543
CLOCK = re.compile(r"(?<!\d)(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?!\d)")
AFTER_NOON = re.compile(
    r"(?<![^\W\d_])(?:p\.? ?m|ös|fm|ptg|ch)\b|오후|午後|下午|晚上|中午|μ\.? ?μ|अपराह्न|(?<!\w)م(?!\w)|ب\.?ظ|\bdu\.",
    re.IGNORECASE,
)
BEFORE_NOON = re.compile(
    r"(?<![^\W\d_])(?:a\.? ?m|öö|pg|sa)\b|오전|午前|上午|凌晨|π\.? ?μ|पूर्वाह्न|(?<!\w)ص(?!\w)|ق\.?ظ|\bde\.",
    re.IGNORECASE,
)
LETTER = re.compile(r"[^\W\d_]")
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
        local = datetime.fromisoformat(text)
    except ValueError:
        return None
    return local if local.tzinfo else local.replace(tzinfo=UTC)


def moments(texts: Sequence[str]) -> list[datetime | None]:
    """Return the moments of a chat's times, in their order; None for those without a date."""
    return list(map(reading(texts), texts))


def reading(texts: Sequence[str]) -> Callable[[str], datetime | None]:
    """Return what reads a chat's times, given some of them in their order."""
    parts = [_parts(text) for text in texts if moment(text) is None]
    best = max(ORDERS, key=lambda order: _likeliness(_dated(part, order) for part in parts))
    return lambda text: moment(text) or _dated(_parts(text), best)


def _parts(text: str) -> tuple[Numbers, timedelta] | None:
    """Return the three numbers of a date, and the time of day."""
    named = NAMED_DATE.search(text) if LETTER.search(text) else None
    if named:
        return _named_parts(named, text)
    date = DATE.search(text)
    clock = (CLOCK.search(text, date.end()) or CLOCK.match(text)) if date else None
    if not date or not clock:
        return None
    numbers = (int(date[1]), int(date[2]), int(date[3]))
    return numbers, _time_of_day(clock, text)


def _named_parts(named: re.Match[str], text: str) -> tuple[Numbers, timedelta] | None:
    """Return day, month and year of a date with a month's name, and the time of day."""
    name = (named["month"] or named["month_first"]).lower()
    month = NUMBERS.get(name[:4]) or NUMBERS.get(name[:3])
    clock = CLOCK.search(text, named.end()) or CLOCK.search(text)
    if not month or not clock:
        return None
    return (int(named["year"] or named["last"]), month, int(named["day"] or named["second"])), _time_of_day(
        clock, text
    )


def _time_of_day(clock: re.Match[str], text: str) -> timedelta:
    hour = int(clock[1])
    if not LETTER.search(text):
        return timedelta(hours=hour, minutes=int(clock[2]))
    if AFTER_NOON.search(text) and hour < NOON:
        hour += NOON
    elif BEFORE_NOON.search(text) and hour == NOON:
        hour = 0
    return timedelta(hours=hour, minutes=int(clock[2]))


def _dated(
    date_and_time: tuple[Numbers, timedelta] | None, order: Callable[[Numbers], Numbers]
) -> datetime | None:
    if date_and_time is None:
        return None
    # A year of four digits that comes first is one in any order.
    is_named = date_and_time[0][0] > MAX_DAY
    year, month, day = date_and_time[0] if is_named else order(date_and_time[0])
    if year in BUDDHIST:
        year -= BUDDHIST_AHEAD
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
