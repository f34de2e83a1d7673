"""Quality against cost as SVG: numbered points with their intervals, and the front of those that nothing beats."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.report.markup import Html, element
from engine.report.svg import BOTTOM, LEFT, RIGHT, TOP, WIDTH, Scale, grid_line, path, picture, room, ticks

HEIGHT = 280
RADIUS = 8.5


@dataclass(frozen=True)
class Point:
    """One point: the number that it carries, its name, what it cost, and its score with its interval."""

    number: int
    name: str
    cost: float
    score: tuple[float, float | None, float | None]


def scatter(
    points: Sequence[Point],
    front: Sequence[int],
    base: float | None,
    say: Callable[[float], str],
    description: str,
    *,
    log: bool,
) -> Html:
    """Return a plot; `front` are places in `points`, `base` is drawn across, `say` tells a cost.

    With `log` costs are spaced by their ratio, and nothing at all stands one place left of the least.
    """
    axis = _Costs([point.cost for point in points], log=log)
    x = Scale(room(*axis.ends), LEFT, WIDTH - RIGHT)
    heights = [end for point in points for end in point.score if end is not None]
    y = Scale(room(*_ends([*heights, *([base] if base is not None else [])])), HEIGHT - BOTTOM, TOP)
    parts = [grid_line(y(value), f"{value * 100:g}") for value in ticks(*y.axis)]
    parts += [
        element("text", say(cost), x=x(at), y=HEIGHT - 8, class_="axis middle") for at, cost in axis.ticks()
    ]
    if base is not None:
        parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y(base), y2=y(base), class_="base-line"))
    places = [(x(axis.at(point.cost)), y(point.score[0])) for point in points]
    parts += [
        _whisker(at, *(y(end) for end in point.score[1:] if end is not None))
        for (at, _), point in zip(places, points, strict=True)
    ]
    parts.append(element("path", d=path(_steps([places[place] for place in front])), class_="front-line"))
    # The front lies over what it beats.
    order = sorted(range(len(points)), key=lambda place: place in front)
    parts += [_disc(points[place], places[place], say, on_front=place in front) for place in order]
    return picture(parts, HEIGHT, description)


class _Costs:
    """The axis of what things cost."""

    def __init__(self, costs: Sequence[float], *, log: bool) -> None:
        self._log = log
        self._nothing = log and any(cost <= 0 for cost in costs)
        self._least = min((math.log10(cost) for cost in costs if cost > 0), default=0.0)
        self.ends = _ends([self.at(cost) for cost in costs])

    def at(self, cost: float) -> float:
        """Return the place of a cost on the axis."""
        if not self._log:
            return cost
        return math.log10(cost) if cost > 0 else self._least - 1.0

    def ticks(self) -> list[tuple[float, float]]:
        """Return places with the costs that stand there."""
        low, high = room(*self.ends)
        if not self._log:
            return [(value, value) for value in ticks(low, high) if value >= 0]
        first = math.ceil(self._least - 0.3 if self._nothing else low)
        powers = [(float(power), 10.0**power) for power in range(first, math.floor(high) + 1)]
        return [*([(self._least - 1.0, 0.0)] if self._nothing else []), *powers]


def _ends(values: Sequence[float]) -> tuple[float, float]:
    return min(values, default=0.0), max(values, default=1.0)


def _steps(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of a stair through places."""
    corners: list[tuple[float, float]] = []
    for x, y in places:
        corners += [(x, corners[-1][1])] if corners else []
        corners.append((x, y))
    return corners


def _whisker(x: float, *ends: float) -> Html:
    """Return an interval, nothing where there is none."""
    if len(ends) != 2:
        return Html()
    low, high = ends
    return element("path", d=f"M{x - 4:.1f} {low:.1f}h8m-4 0V{high:.1f}m-4 0h8", class_="interval")


def _disc(point: Point, place: tuple[float, float], say: Callable[[float], str], *, on_front: bool) -> Html:
    x, y = place
    return element(
        "g",
        element("title", f"{point.name}: {point.score[0] * 100:.1f}, {say(point.cost)}"),
        element("circle", cx=x, cy=y, r=RADIUS),
        element("text", str(point.number), x=x, y=y + 3.5, class_="middle"),
        class_="disc on-front" if on_front else "disc",
    )
