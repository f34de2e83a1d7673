"""The plots of an arena's report: score against each cost, and the losses of all runs in one plot."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from markupsafe import Markup

from engine import arena as arenas
from engine.arena import Cost, Group
from engine.report import cells, svg
from engine.report.arena.facts import ArenaReport
from engine.report.arena.scatter import Point, scatter
from engine.system.units import size

SCORE = arenas.SCORE
SMOOTHED_FRACTION = 0.04
HEIGHT = 300
TITLES: dict[Cost, str] = {
    "parameters": "ROUGE-1 against trainable parameters",
    "memory": "ROUGE-1 against peak memory",
    "minutes": "ROUGE-1 against minutes of training",
}
# Lines differ in colour and in dash, so that most of them differ on paper without colour too.
KINDS = tuple(f"run ink-{colour} dash-{dash}" for dash, colour in itertools.product(range(3), range(6)))


@dataclass(frozen=True)
class Plot:
    """A plot with its title."""

    title: str
    drawing: Markup


@dataclass(frozen=True)
class Losses:
    """The loss curves, and the class and name of each of them."""

    plot: Markup
    legend: tuple[tuple[str, str], ...]


def costs(report: ArenaReport, group: Group) -> list[Plot]:
    """Return a plot for each cost that is known of at least one entry."""
    known = (kind for kind in arenas.COSTS if any(row.cost(kind) is not None for row in group.rows))
    return [Plot(TITLES[kind], _cost_plot(report, group, kind)) for kind in known]


def _cost_plot(report: ArenaReport, group: Group, kind: Cost) -> Markup:
    points = [
        Point(report.numbers[row.id], row.name, cost, cells.interval(row.scores[SCORE]))
        for row in group.rows
        if (cost := row.cost(kind)) is not None
    ]
    front = arenas.front([(point.cost, point.score[0]) for point in points])
    bases = {row.base[SCORE]["mean"] for row in group.rows}
    best = ", ".join(points[index].name for index in front)
    return scatter(
        points,
        front,
        bases.pop() if len(bases) == 1 else None,
        lambda cost: _cost_text(cost, kind),
        f"{TITLES[kind]}. No cheaper entry scores as high as {best}.",
        log=kind == "parameters",
    )


def _cost_text(cost: float, kind: Cost) -> str:
    if kind == "memory":
        return size(cost)
    return f"{cost:g} min" if kind == "minutes" else _compact(cost)


def _compact(count: float) -> str:
    """Return a count in three digits: "100", "10 k", "1.2 M"."""
    for unit, factor in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count:.3g}"


def losses(report: ArenaReport) -> Losses | None:
    """Return the training losses of all runs, each as a moving mean; None without any.

    Of the seeds of a row, it is the first.
    """
    numbers, names, later = report.numbers, report.names, report.later_seeds
    drawn = sorted(
        (each for each, run in report.runs.items() if run.state.loss.steps and each not in later),
        key=numbers.__getitem__,
    )
    if not drawn:
        return None
    kinds = dict(zip(drawn, itertools.cycle(KINDS), strict=False))
    lines, last = [], []
    for entry_id in drawn:
        loss = report.runs[entry_id].state.loss
        mean = svg.smoothed(loss.values, max(1, round(len(loss.values) * SMOOTHED_FRACTION)))
        steps = [float(step) for step in loss.steps]
        lines.append(svg.Line(steps, mean, kinds[entry_id], label=str(numbers[entry_id])))
        last.append(f"{names[entry_id]} {mean[-1]:.3f}")
    total = max(run.state.step for run in report.runs.values())
    plot = svg.curves(lines, total, f"Loss over the steps, at the last: {'; '.join(last)}", HEIGHT)
    return Losses(plot, tuple((kinds[each], f"{numbers[each]} {names[each]}") for each in drawn))
