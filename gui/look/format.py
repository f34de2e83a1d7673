"""Formats numbers, sizes, durations and times by the user's locale. Knows no widget.

None means "not known" and gives an en dash.
"""

from __future__ import annotations

import math
import time

from PySide6.QtCore import QDate

from engine.api import units
from gui.look.language import locale, mark, tr, translate

UNKNOWN = "–"
MINUS = "−"
SPACE = "\u00a0"
BILLIONS, MILLIONS, THOUSANDS = mark("{value} B"), mark("{value} M"), mark("{value} k")

# The same in every language.
GIGABYTES = "GB"


def number_text(value: float | None, digits: int | None = None) -> str:
    """Return a number with the locale's group separators; a float with `digits` decimals (None: 3 significant)."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if digits is None and float(value).is_integer() and abs(value) < 1e15:
        return _signed(locale().toString(int(value)))
    if digits is None:
        return plain(value)
    return _signed(locale().toString(float(value), "f", digits))


def plain(value: float | None) -> str:
    """Return the shortest exact form of a float, without group separators: 0.05, 2e-05, 1.5."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    text = repr(float(value))
    text = text.removesuffix(".0")
    return _signed(text.replace(".", locale().decimalPoint()))


def percent(fraction: float | None, digits: int = 0) -> str:
    """Return a fraction 0 to 1 as percent: 0.031 with one digit is "3.1 %"."""
    return UNKNOWN if fraction is None else f"{number_text(fraction * 100, digits)}{SPACE}%"


def compact(value: float | None) -> str:
    """Return a count in three significant digits: 3,538,944 is "3.54 M", 892 is "892"."""
    if value is None:
        return UNKNOWN
    for size, minimum, text in ((1e9, 1e9, BILLIONS), (1e6, 1e6, MILLIONS), (1e3, 1e4, THOUSANDS)):
        if abs(value) >= minimum:
            return tr(text, value=number_text(value / size, _places(value / size)))
    return number_text(value)


def bytes_text(count: float | None) -> str:
    """Return a size in bytes as text: "14.2 MB", "5.9 GB", "812 bytes"."""
    return UNKNOWN if count is None else translate(units.size(count))


def gigabytes_text(count: float) -> str:
    """Return a size in gigabytes as a short text, however small: "0.8 GB", "25 GB"."""
    return f"{number_text(count / 1e9, 1 if count < 1e10 else 0)} {GIGABYTES}"


def duration_text(seconds: float | None) -> str:
    """Return a duration as text, coarser the longer it is: "0.4 s", "41 s", "4 min 10 s", "41 min", "1 h 52 min"."""
    return UNKNOWN if seconds is None or not math.isfinite(seconds) else translate(units.duration(seconds))


def about_text(seconds: float) -> str:
    """Return an estimated duration, rounded: "less than a minute", "about 4 min", "about 1 h 50 min"."""
    if seconds < 60:
        return tr("less than a minute")
    minutes = round(seconds / 60)
    if minutes < 60:
        return tr("about {minutes} min", minutes=minutes)
    hours, minutes = divmod(10 * round(minutes / 10), 60)
    if hours >= 10 or not minutes:
        return tr("about {hours} h", hours=number_text(round(seconds / 3600)))
    return tr("about {hours} h {minutes} min", hours=hours, minutes=minutes)


def left_text(seconds: float) -> str:
    """Return a remaining time: "about 4 min left", "less than a minute left"."""
    return tr("{time} left", time=about_text(seconds))


def clock_text(at: float) -> str:
    """Return a time in seconds since 1970 as the time of day, with the date unless it is today."""
    then, today = time.localtime(at), time.localtime()
    clock = time.strftime("%H:%M", then)
    return clock if then[:3] == today[:3] else f"{locale().toString(QDate(*then[:3]), tr('d MMM'))} {clock}"


def score(fraction: float | None) -> str:
    """Return a score 0 to 1 as shown: times 100 with one digit, "48.4"."""
    return UNKNOWN if fraction is None else number_text(fraction * 100, 1)


def gain(fraction: float | None) -> str:
    """Return a difference of scores, times 100 and always signed: "+1.5", "−3.4"."""
    if fraction is None:
        return UNKNOWN
    text = number_text(fraction * 100, 1)
    return text if text.startswith(MINUS) else f"+{text}"


def _places(scaled: float) -> int:
    return 2 if abs(scaled) < 10 else 1 if abs(scaled) < 100 else 0


def _signed(text: str) -> str:
    return text.replace("-", MINUS, 1) if text.startswith("-") else text
