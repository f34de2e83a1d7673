"""Where the names at the ends of lines stand, so that none lies on another."""

from __future__ import annotations


def apart(tops: list[float], high: float, least: float, most: float) -> list[float]:
    """Return places in rising order with `high` between them and all above `most`, moved as little as that takes."""
    made: list[float] = []
    for top in tops:
        made.append(max(top, made[-1] + high if made else least))
    for at in range(len(made) - 1, -1, -1):
        made[at] = min(made[at], made[at + 1] - high if at + 1 < len(made) else most - high / 2)
    return made
