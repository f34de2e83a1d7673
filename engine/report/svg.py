"""The plots of a report as SVG: curves over steps, intervals, the spread of what conversations gained.

Colours are classes of the page's style. Knows numbers; not where they come from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.report.markup import Html, element

WIDTH = 860
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 12, 26
NAMED_RIGHT, LABEL_WIDTH, LABEL_HEIGHT = 30, 18, 11
MAX_POINTS = 430
BINS = 21
Axis = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A curve: x and y, the class that draws it, whether its points are marked, and what stands at its end."""

    xs: Sequence[float]
    ys: Sequence[float]
    kind: str
    marked: bool = False
    label: str = ""


@dataclass(frozen=True)
class Bar:
    """One row of intervals: its name and two spreads (mean, low, high); without an interval low and high are None."""

    name: str
    before: tuple[float, float | None, float | None]
    after: tuple[float, float | None, float | None]


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return round numbers within an axis, at most about `most`."""
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return [low]
    rough = span / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(low / step - 1e-9)
    return [step * place for place in range(first, math.floor(high / step + 1e-9) + 1)]


def curves(lines: Sequence[Line], total: int, description: str, height: int = 240) -> Html:
    """Return a plot of curves over the steps 0 to `total`; values that are no number are left out."""
    values = [value for line in lines for value in line.ys if math.isfinite(value)]
    low, high = room(min(values, default=0.0), max(values, default=1.0))
    right = NAMED_RIGHT if any(line.label for line in lines) else RIGHT
    x = Scale((0.0, float(max(1, total))), LEFT, WIDTH - right)
    y = Scale((low, high), height - BOTTOM, TOP)
    parts = [grid_line(y(value), short(value)) for value in ticks(low, high)]
    parts += [
        element("text", f"{round(value):,}", x=x(value), y=height - 8, class_="axis middle")
        for value in ticks(0.0, float(max(1, total)))
        if value == round(value)
    ]
    named: list[tuple[float, float, str]] = []
    for line in lines:
        points = [(x(at), y(value)) for at, value in _thinned(line) if math.isfinite(value)]
        parts.append(element("path", d=path(points), class_=line.kind))
        if line.marked:
            parts += [_diamond(*point) for point in points]
        if line.label and points:
            named.append((*points[-1], line.label))
    parts += [
        element("text", label, x=at + 5, y=up + 4, class_="axis")
        for at, up, label in _apart(named, height - BOTTOM)
    ]
    return picture(parts, height, description)


def _apart(named: Sequence[tuple[float, float, str]], lowest: float) -> list[tuple[float, float, str]]:
    """Return labels moved apart where they would lie on one another, none of them below `lowest`."""
    placed: list[tuple[float, float, str]] = []
    for x, y, label in sorted(named, key=lambda each: each[1]):
        above = [up for at, up, _ in placed if abs(at - x) < LABEL_WIDTH]
        placed.append((x, max([y, *(up + LABEL_HEIGHT for up in above)]), label))
    for place in range(len(placed) - 1, -1, -1):
        x, y, label = placed[place]
        below = [up - LABEL_HEIGHT for at, up, _ in placed[place + 1 :] if abs(at - x) < LABEL_WIDTH]
        placed[place] = (x, min([y, lowest, *below]), label)
    return placed


def intervals(bars: Sequence[Bar], description: str) -> Html:
    """Return rows of two intervals each on one axis, in points."""
    ends = [end for bar in bars for spread in (bar.before, bar.after) for end in spread if end is not None]
    low, high = room(min(ends, default=0.0), max(ends, default=1.0))
    pitch, left = 44, 110
    height = pitch * len(bars) + 30
    x = Scale((low, high), left, WIDTH - RIGHT)
    parts = [
        part
        for value in ticks(low, high)
        for part in (
            element("line", x1=x(value), x2=x(value), y1=4, y2=height - 24, class_="grid"),
            element("text", f"{value * 100:g}", x=x(value), y=height - 8, class_="axis middle"),
        )
    ]
    for place, bar in enumerate(bars):
        middle = pitch * place + pitch / 2 + 2
        parts.append(element("text", bar.name, x=0, y=middle + 4, class_="label"))
        parts.append(_whisker(x, bar.before, middle - 8, "before"))
        parts.append(_whisker(x, bar.after, middle + 8, "after"))
    return picture(parts, height, description)


def histogram(values: Sequence[float], description: str, height: int = 170) -> Html:
    """Return how many conversations gained how much: bars left of zero lost, right of it gained."""
    most = max((abs(value) for value in values), default=0.0) or 0.01
    counts = [0] * BINS
    for value in values:
        counts[min(BINS - 1, int((value + most) / (2 * most) * BINS))] += 1
    x = Scale((-most, most), LEFT, WIDTH - RIGHT)
    y = Scale((0.0, float(max(counts, default=1) or 1)), height - BOTTOM, TOP)
    wide = (x(most) - x(-most)) / BINS
    parts = [
        grid_line(y(value), f"{value:g}")
        for value in ticks(0.0, float(max(counts) or 1), 4)
        if value % 1 == 0
    ]
    for place, count in enumerate(counts):
        left = x(-most) + place * wide
        kind = "lost" if place < BINS // 2 else "same" if place == BINS // 2 else "gained"
        parts.append(
            element("rect", x=left + 1, y=y(count), width=wide - 2, height=y(0.0) - y(count), class_=kind)
        )
    parts.append(element("line", x1=x(0.0), x2=x(0.0), y1=TOP, y2=height - BOTTOM, class_="zero"))
    parts += [
        element("text", _signed(value), x=x(value), y=height - 8, class_="axis middle")
        for value in ticks(-most, most)
    ]
    return picture(parts, height, description)


def picture(parts: Sequence[Html], height: float, description: str) -> Html:
    """Return a plot with the words that stand for it where it can't be seen."""
    return element(
        "svg",
        element("title", description),
        *parts,
        viewBox=f"0 0 {WIDTH} {height:g}",
        role="img",
        class_="plot",
    )


def grid_line(y: float, text: str) -> Html:
    """Return a line across the plot with its value at the left."""
    line = element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid")
    return element("g", line, element("text", text, x=LEFT - 8, y=y + 4, class_="axis end"))


def _whisker(x: Scale, spread: tuple[float, float | None, float | None], y: float, kind: str) -> Html:
    mean, low, high = spread
    parts = []
    if low is not None and high is not None:
        d = f"M{x(low):.1f} {y - 4:g}v8m0 -4H{x(high):.1f}m0 -4v8"
        parts.append(element("path", d=d))
    parts.append(element("circle", cx=x(mean), cy=y, r=3.5))
    return element("g", *parts, class_=f"whisker {kind}")


def _diamond(x: float, y: float) -> Html:
    return element("path", d=f"M{x:.1f} {y - 4.5:.1f}l4.5 4.5l-4.5 4.5l-4.5 -4.5z", class_="mark")


def path(points: Sequence[tuple[float, float]]) -> str:
    """Return straight lines through points of the picture."""
    return "".join(f"{'L' if place else 'M'}{x:.1f} {y:.1f}" for place, (x, y) in enumerate(points))


class Scale:
    """Maps an axis to a stretch of the picture."""

    def __init__(self, axis: Axis, first: float, last: float) -> None:
        self.axis = axis
        self._low, self._span = axis[0], (axis[1] - axis[0]) or 1.0
        self._first, self._length = first, last - first

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        return self._first + (value - self._low) / self._span * self._length


def room(low: float, high: float) -> Axis:
    """Return an axis with a little air at both ends."""
    air = (high - low) * 0.06 or max(abs(high) * 0.06, 0.01)
    return low - air, high + air


def _thinned(line: Line) -> list[tuple[float, float]]:
    """Return at most `MAX_POINTS` points, each the mean of a stretch, so that a long run stays a small file."""
    count = len(line.xs)
    if count <= MAX_POINTS:
        return list(zip(line.xs, line.ys, strict=True))
    edges = [count * place // MAX_POINTS for place in range(MAX_POINTS + 1)]
    return [(line.xs[last - 1], sum(line.ys[first:last]) / (last - first)) for first, last in pairwise(edges)]


def smoothed(values: Sequence[float], span: int) -> list[float]:
    """Return a moving mean over about `span` values that begins at the first value."""
    kept, weight, found = 0.0, 0.0, []
    share = 1.0 / max(1, span)
    for value in values:
        if math.isfinite(value):
            kept += share * (value - kept)
            weight += share * (1.0 - weight)
        found.append(kept / weight if weight else math.nan)
    return found


def short(value: float) -> str:
    """Return a number in four digits at most."""
    return f"{value:.4g}".replace("-", "−")


def _signed(value: float) -> str:
    return f"{value * 100:+g}".replace("-", "−") if round(value, 9) else "0"
