"""Score against cost as SVG: numbered points with their intervals, and the Pareto front through the best of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from engine.report import svg
from engine.report.cells import Interval
from engine.report.svg import BOTTOM, LEFT, RIGHT, TOP, WIDTH, Scale

HEIGHT = 280
RADIUS = 8.5


@dataclass(frozen=True)
class Point:
    """One point: its number, its name, its cost, and its score with the interval."""

    number: int
    name: str
    cost: float
    score: Interval


def scatter(
    points: Sequence[Point],
    front: Sequence[int],
    base: float | None,
    cost_text: Callable[[float], str],
    description: str,
    *,
    log: bool,
) -> Markup:
    """Return a plot; `front` are indices of `points` by rising cost, `base` is drawn across.

    With `log` the axis is logarithmic, and a cost of 0 stands one decade left of the least.
    """
    axis = _CostAxis([point.cost for point in points], log=log)
    x = Scale(svg.padded(*axis.ends), LEFT, WIDTH - RIGHT)
    heights = [end for point in points for end in point.score if end is not None]
    y = Scale(svg.padded(*_ends([*heights, *([base] if base is not None else [])])), HEIGHT - BOTTOM, TOP)
    parts = [svg.grid_line(y(value), f"{value * 100:g}") for value in svg.ticks(*y.axis)]
    parts += [svg.x_label(x(at), HEIGHT, cost_text(cost)) for at, cost in axis.ticks()]
    if base is not None:
        parts.append(svg.line(LEFT, y(base), WIDTH - RIGHT, y(base), "base-line"))
    positions = [(x(axis.position(point.cost)), y(point.score[0])) for point in points]
    parts += [
        _range(at, *(y(end) for end in point.score[1:] if end is not None))
        for (at, _), point in zip(positions, points, strict=True)
    ]
    parts.append(svg.path(svg.through(_stairs([positions[index] for index in front])), "front-line"))
    # The front lies over the other points.
    order = sorted(range(len(points)), key=lambda index: index in front)
    parts += [_disc(points[index], positions[index], cost_text, on_front=index in front) for index in order]
    return svg.picture(parts, HEIGHT, description)


class _CostAxis:
    """The axis of costs."""

    def __init__(self, costs: Sequence[float], *, log: bool) -> None:
        self._log = log
        self._has_zero = log and any(cost <= 0 for cost in costs)
        self._least = min((math.log10(cost) for cost in costs if cost > 0), default=0.0)
        self.ends = _ends([self.position(cost) for cost in costs])

    def position(self, cost: float) -> float:
        """Return the position of a cost on the axis."""
        if not self._log:
            return cost
        return math.log10(cost) if cost > 0 else self._least - 1.0

    def ticks(self) -> list[tuple[float, float]]:
        """Return positions with their costs."""
        low, high = svg.padded(*self.ends)
        if not self._log:
            return [(value, value) for value in svg.ticks(low, high) if value >= 0]
        first = math.ceil(self._least - 0.3 if self._has_zero else low)
        powers = [(float(power), 10.0**power) for power in range(first, math.floor(high) + 1)]
        return [*([(self._least - 1.0, 0.0)] if self._has_zero else []), *powers]


def _ends(values: Sequence[float]) -> tuple[float, float]:
    return min(values, default=0.0), max(values, default=1.0)


def _stairs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of stairs through points."""
    corners: list[tuple[float, float]] = []
    for x, y in points:
        corners += [(x, corners[-1][1])] if corners else []
        corners.append((x, y))
    return corners


def _range(x: float, *ends: float) -> Markup:
    """Return a vertical interval, nothing without ends."""
    if len(ends) != 2:
        return Markup("")
    low, high = ends
    return svg.path(f"M{x - 4:.1f} {low:.1f}h8m-4 0V{high:.1f}m-4 0h8", "range")


def _disc(
    point: Point, position: tuple[float, float], cost_text: Callable[[float], str], *, on_front: bool
) -> Markup:
    x, y = position
    name = f"{point.name}: {point.score[0] * 100:.1f}, {cost_text(point.cost)}"
    parts = [
        Markup("<title>{}</title>").format(name),
        svg.circle(x, y, RADIUS),
        svg.text(x, y + 3.5, str(point.number), "middle"),
    ]
    return svg.group(parts, "disc on-front" if on_front else "disc")
