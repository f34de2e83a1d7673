"""Places the names at line ends so that they do not overlap."""

from __future__ import annotations


def apart(tops: list[float], high: float, lowest: float, highest: float) -> list[float]:
    """Return positions in rising order, `high` apart and not beyond `most`, moved as little as possible."""
    made: list[float] = []
    for top in tops:
        made.append(max(top, made[-1] + high if made else lowest))
    for at in range(len(made) - 1, -1, -1):
        made[at] = min(made[at], made[at + 1] - high if at + 1 < len(made) else highest - high / 2)
    return made
