"""The plots of reports as SVG: curves over steps, intervals, a histogram of gains, and scores against costs.

Classes of the report's style give the colours. Every text is escaped by `Markup.format`. Knows numbers, not where they
come from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from engine.report.cells import Interval

WIDTH = 860
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 12, 26
LABELLED_RIGHT, LABEL_WIDTH, LABEL_HEIGHT = 30, 18, 11
MAX_POINTS = 430
BINS = 21
SCATTER_HEIGHT, RADIUS = 280, 8.5
Axis = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A curve: x and y, its class, whether its points are marked, and the label at its end."""

    xs: Sequence[float]
    ys: Sequence[float]
    kind: str
    marked: bool = False
    label: str = ""


@dataclass(frozen=True)
class Bar:
    """One row of intervals: its name, and the intervals of base and tuned model."""

    name: str
    before: Interval
    after: Interval


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return round numbers within an axis, about `count` of them."""
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return [low]
    rough = span / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(low / step - 1e-9)
    return [step * index for index in range(first, math.floor(high / step + 1e-9) + 1)]


class Scale:
    """Maps the values of an axis to positions in the picture."""

    def __init__(self, axis: Axis, first: float, last: float) -> None:
        self.axis = axis
        self._low, self._span = axis[0], (axis[1] - axis[0]) or 1.0
        self._first, self._length = first, last - first

    def __call__(self, value: float) -> float:
        return self._first + (value - self._low) / self._span * self._length


def padded(low: float, high: float) -> Axis:
    """Return an axis with a margin at both ends."""
    margin = (high - low) * 0.06 or max(abs(high) * 0.06, 0.01)
    return low - margin, high + margin


# ------------------------------------------------------------------------------------------------ elements


def picture(parts: Iterable[str], height: float, description: str) -> Markup:
    """Return a plot with the description that stands for it where it can't be seen."""
    return Markup('<svg viewBox="0 0 {} {:g}" role="img" class="plot"><title>{}</title>{}</svg>').format(
        WIDTH, height, description, Markup("").join(parts)
    )


def text(x: float, y: float, value: str, kind: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" class="{}">{}</text>').format(x, y, kind, value)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    return Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>').format(
        x1, y1, x2, y2, kind
    )


def circle(x: float, y: float, radius: float) -> Markup:
    return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:g}"/>').format(x, y, radius)


def path(d: str, kind: str = "") -> Markup:
    return Markup('<path d="{}" class="{}"/>').format(d, kind)


def group(parts: Iterable[str], kind: str) -> Markup:
    """Return elements that share a class."""
    return Markup('<g class="{}">{}</g>').format(kind, Markup("").join(parts))


def through(points: Iterable[tuple[float, float]]) -> str:
    """Return the path of straight lines through points."""
    return "".join(f"{'L' if index else 'M'}{x:.1f} {y:.1f}" for index, (x, y) in enumerate(points))


def grid_line(y: float, label: str) -> Markup:
    """Return a line across the plot with its value at the left."""
    return line(LEFT, y, WIDTH - RIGHT, y, "grid") + text(LEFT - 8, y + 4, label, "axis end")


def x_label(x: float, height: float, label: str) -> Markup:
    """Return a value below the x axis."""
    return text(x, height - 8, label, "axis middle")


# --------------------------------------------------------------------------------------------------- plots


def curves(lines: Sequence[Line], total: int, description: str, height: int = 240) -> Markup:
    """Return a plot of curves over the steps 0 to `total`; values that are not finite are left out."""
    values = [value for each in lines for value in each.ys if math.isfinite(value)]
    low, high = padded(min(values, default=0.0), max(values, default=1.0))
    right = LABELLED_RIGHT if any(each.label for each in lines) else RIGHT
    x = Scale((0.0, float(max(1, total))), LEFT, WIDTH - right)
    y = Scale((low, high), height - BOTTOM, TOP)
    steps = [value for value in ticks(*x.axis) if value == round(value)]
    parts = [grid_line(y(value), f"{value:.4g}".replace("-", "−")) for value in ticks(low, high)]
    parts += [x_label(x(step), height, f"{round(step):,}") for step in steps]
    ends: list[tuple[float, float, str]] = []
    for each in lines:
        points = [(x(step), y(value)) for step, value in _downsampled(each) if math.isfinite(value)]
        parts.append(path(through(points), each.kind))
        if each.marked:
            parts += [
                path(f"M{at:.1f} {up - 4.5:.1f}l4.5 4.5l-4.5 4.5l-4.5 -4.5z", "mark") for at, up in points
            ]
        if each.label and points:
            ends.append((*points[-1], each.label))
    parts += [text(at + 5, up + 4, label, "axis") for at, up, label in _spread_out(ends, height - BOTTOM)]
    return picture(parts, height, description)


def _spread_out(labels: Sequence[tuple[float, float, str]], lowest: float) -> list[tuple[float, float, str]]:
    """Return labels moved apart where they would overlap, none of them below `lowest`."""
    placed: list[tuple[float, float, str]] = []
    for x, y, label in sorted(labels, key=lambda each: each[1]):
        above = [up for at, up, _ in placed if abs(at - x) < LABEL_WIDTH]
        placed.append((x, max([y, *(up + LABEL_HEIGHT for up in above)]), label))
    for index in range(len(placed) - 1, -1, -1):
        x, y, label = placed[index]
        below = [up - LABEL_HEIGHT for at, up, _ in placed[index + 1 :] if abs(at - x) < LABEL_WIDTH]
        placed[index] = (x, min([y, lowest, *below]), label)
    return placed


def intervals(bars: Sequence[Bar], description: str) -> Markup:
    """Return rows of two intervals each on one axis, in points."""
    ends = [end for bar in bars for spread in (bar.before, bar.after) for end in spread if end is not None]
    low, high = padded(min(ends, default=0.0), max(ends, default=1.0))
    pitch, left = 44, 110
    height = pitch * len(bars) + 30
    x = Scale((low, high), left, WIDTH - RIGHT)
    parts = [
        line(x(value), 4, x(value), height - 24, "grid") + x_label(x(value), height, f"{value * 100:g}")
        for value in ticks(low, high)
    ]
    for index, bar in enumerate(bars):
        middle = pitch * index + pitch / 2 + 2
        parts.append(text(0, middle + 4, bar.name, "label"))
        parts.append(_interval(x, bar.before, middle - 8, "before"))
        parts.append(_interval(x, bar.after, middle + 8, "after"))
    return picture(parts, height, description)


def _interval(x: Scale, spread: Interval, y: float, kind: str) -> Markup:
    mean, low, high = spread
    parts = [circle(x(mean), y, 3.5)]
    if low is not None and high is not None:
        parts.insert(0, path(f"M{x(low):.1f} {y - 4:g}v8m0 -4H{x(high):.1f}m0 -4v8"))
    return group(parts, f"interval {kind}")


def histogram(values: Sequence[float], description: str) -> Markup:
    """Return how many conversations gained how much: bars left of zero lost, right of it gained."""
    height = 170
    widest = max((abs(value) for value in values), default=0.0) or 0.01
    counts = [0] * BINS
    for value in values:
        counts[min(BINS - 1, int((value + widest) / (2 * widest) * BINS))] += 1
    highest = float(max(counts) or 1)
    x = Scale((-widest, widest), LEFT, WIDTH - RIGHT)
    y = Scale((0.0, highest), height - BOTTOM, TOP)
    width = (x(widest) - x(-widest)) / BINS
    parts = [grid_line(y(value), f"{value:g}") for value in ticks(0.0, highest, 4) if value % 1 == 0]
    for index, count in enumerate(counts):
        kind = "lost" if index < BINS // 2 else "same" if index == BINS // 2 else "gained"
        left, top = x(-widest) + index * width, y(count)
        parts.append(
            Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="{}"/>').format(
                left + 1, top, width - 2, y(0.0) - top, kind
            )
        )
    parts.append(line(x(0.0), TOP, x(0.0), height - BOTTOM, "zero"))
    parts += [x_label(x(value), height, _signed(value)) for value in ticks(-widest, widest)]
    return picture(parts, height, description)


def _downsampled(curve: Line) -> list[tuple[float, float]]:
    """Return at most `MAX_POINTS` points, each a mean of neighbours, so that a long run stays a small file."""
    count = len(curve.xs)
    if count <= MAX_POINTS:
        return list(zip(curve.xs, curve.ys, strict=True))
    edges = [count * index // MAX_POINTS for index in range(MAX_POINTS + 1)]
    return [
        (curve.xs[last - 1], sum(curve.ys[first:last]) / (last - first)) for first, last in pairwise(edges)
    ]


def smoothed(values: Sequence[float], span: int) -> list[float]:
    """Return an exponential moving mean over about `span` values that begins at the first value."""
    mean, weight, smoothed_values = 0.0, 0.0, []
    factor = 1.0 / max(1, span)
    for value in values:
        if math.isfinite(value):
            mean += factor * (value - mean)
            weight += factor * (1.0 - weight)
        smoothed_values.append(mean / weight if weight else math.nan)
    return smoothed_values


def _signed(value: float) -> str:
    return f"{value * 100:+g}".replace("-", "−") if round(value, 9) else "0"


# ----------------------------------------------------------------------------------------- scores and costs


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
    """Return a plot of numbered points with their intervals, and the Pareto front through the best of them.

    `front` are indices of `points` by rising cost, `base` is drawn across. With `log` the axis of costs is
    logarithmic, and a cost of 0 stands one decade left of the least.
    """
    axis = _CostAxis([point.cost for point in points], log=log)
    x = Scale(padded(*axis.ends), LEFT, WIDTH - RIGHT)
    heights = [end for point in points for end in point.score if end is not None]
    y = Scale(padded(*_ends([*heights, *([base] if base is not None else [])])), SCATTER_HEIGHT - BOTTOM, TOP)
    parts = [grid_line(y(value), f"{value * 100:g}") for value in ticks(*y.axis)]
    parts += [x_label(x(at), SCATTER_HEIGHT, cost_text(cost)) for at, cost in axis.ticks()]
    if base is not None:
        parts.append(line(LEFT, y(base), WIDTH - RIGHT, y(base), "base-line"))
    positions = [(x(axis.position(point.cost)), y(point.score[0])) for point in points]
    parts += [
        _range(at, *(y(end) for end in point.score[1:] if end is not None))
        for (at, _), point in zip(positions, points, strict=True)
    ]
    parts.append(path(through(_stairs([positions[index] for index in front])), "front-line"))
    # The front lies over the other points.
    order = sorted(range(len(points)), key=lambda index: index in front)
    parts += [_disc(points[index], positions[index], cost_text, on_front=index in front) for index in order]
    return picture(parts, SCATTER_HEIGHT, description)


class _CostAxis:
    def __init__(self, costs: Sequence[float], *, log: bool) -> None:
        self._log = log
        self._has_zero = log and any(cost <= 0 for cost in costs)
        self._least = min((math.log10(cost) for cost in costs if cost > 0), default=0.0)
        self.ends = _ends([self.position(cost) for cost in costs])

    def position(self, cost: float) -> float:
        if not self._log:
            return cost
        return math.log10(cost) if cost > 0 else self._least - 1.0

    def ticks(self) -> list[tuple[float, float]]:
        low, high = padded(*self.ends)
        if not self._log:
            return [(value, value) for value in ticks(low, high) if value >= 0]
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
    return path(f"M{x - 4:.1f} {low:.1f}h8m-4 0V{high:.1f}m-4 0h8", "range")


def _disc(
    point: Point, position: tuple[float, float], cost_text: Callable[[float], str], *, on_front: bool
) -> Markup:
    x, y = position
    name = f"{point.name}: {point.score[0] * 100:.1f}, {cost_text(point.cost)}"
    parts = [
        Markup("<title>{}</title>").format(name),
        circle(x, y, RADIUS),
        text(x, y + 3.5, str(point.number), "middle"),
    ]
    return group(parts, "disc on-front" if on_front else "disc")
