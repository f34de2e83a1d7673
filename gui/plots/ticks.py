"""Chooses the labelled values of an axis, few and round, and places names at line ends so that none overlap."""

from __future__ import annotations

import math


def nice_ticks(low: float, high: float, about: int, whole: bool = False) -> list[float]:
    """Return about `about` round values between two, at steps of 1, 2, 2.5 or 5 times a power of ten."""
    if high <= low:
        return [low]
    rough = (high - low) / max(1, about)
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next((unit * by for by in (1, 2, 5, 10) if unit * by >= rough * 0.8), unit * 10)
    step = max(1.0, step) if whole else step
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(at * step, 12) for at in range(first, last + 1)]


def level_ticks(low: float, high: float) -> list[float]:
    """Return three to five round values between two, if possible."""
    tried = (nice_ticks(low, high, about) for about in (4, 5, 6, 8))
    return next((ticks for ticks in tried if len(ticks) >= 3), nice_ticks(low, high, 4))


def log_ticks(low: float, high: float) -> list[float]:
    """Return logarithms of round values between two logarithms: 1-2-5 within few decades, else powers of ten."""
    if high - low > 3:
        return [float(power) for power in range(math.ceil(low), math.floor(high) + 1)]
    found = _marked(low, high, (1, 2, 5))
    if len(found) < 3:
        found = [math.log10(value) for value in level_ticks(10**low, 10**high) if value > 0]
    return found


def _marked(low: float, high: float, multiples: tuple[int, ...]) -> list[float]:
    powers = range(math.floor(low), math.ceil(high) + 1)
    values = [math.log10(by * 10.0**power) for power in powers for by in multiples]
    return [value for value in values if low <= value <= high]


def apart(tops: list[float], high: float, lowest: float, highest: float) -> list[float]:
    """Return positions in rising order, `high` apart and not beyond `most`, moved as little as possible."""
    made: list[float] = []
    for top in tops:
        made.append(max(top, made[-1] + high if made else lowest))
    for at in range(len(made) - 1, -1, -1):
        made[at] = min(made[at], made[at + 1] - high if at + 1 < len(made) else highest - high / 2)
    return made
