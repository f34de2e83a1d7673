"""The plots of an arena's report: quality against each cost, and the losses of all runs over one another."""

from __future__ import annotations

import itertools

from engine import arena as arenas
from engine.arena import Cost, Group
from engine.report.arena_facts import ArenaReport
from engine.report.components import ends, legend, section
from engine.report.markup import Html, element, join
from engine.report.scatter import Point, scatter
from engine.report.svg import Line, curves, smoothed
from engine.system.units import size

SCORE = arenas.SCORE
SMOOTHED_SHARE = 0.04
HEIGHT = 300
TITLES: dict[Cost, str] = {
    "parameters": "ROUGE-1 against numbers trained",
    "memory": "ROUGE-1 against peak memory",
    "minutes": "ROUGE-1 against minutes of training",
}
# Told apart by colour and dash, so that paper without colour tells most of them apart too.
KINDS = tuple(f"run ink-{colour} dash-{dash}" for dash, colour in itertools.product(range(3), range(6)))


def costs(report: ArenaReport, group: Group) -> Html:
    """Return a plot for each cost that is known of an entry at least."""
    plots = [_plot(report, group, kind) for kind in arenas.COSTS]
    told = "Whiskers: 95 % interval. Dashed: the base model. The numbers are those of the table."
    remark = legend((("tuned", "nothing scores as much for less"), ("other", "something does")), told)
    return join((*plots, remark)) if any(plots) else Html()


def _plot(report: ArenaReport, group: Group, kind: Cost) -> Html:
    rows = [row for row in group.rows if row.cost(kind) is not None]
    if not rows:
        return Html()
    points = [
        Point(report.numbers[row.id], row.name, row.cost(kind) or 0.0, ends(row.scores[SCORE]))
        for row in rows
    ]
    front = arenas.front([(point.cost, point.score[0]) for point in points])
    bases = {row.base[SCORE]["mean"] for row in group.rows}
    best = ", ".join(points[place].name for place in front)
    plot = scatter(
        points,
        front,
        bases.pop() if len(bases) == 1 else None,
        lambda cost: _said(cost, kind),
        f"{TITLES[kind]}. Nothing scores as much for less as {best}.",
        log=kind == "parameters",
    )
    return element("figure", element("h3", TITLES[kind]), plot)


def _said(cost: float, kind: Cost) -> str:
    if kind == "memory":
        return size(cost)
    return f"{cost:g} min" if kind == "minutes" else _power(cost)


def _power(count: float) -> str:
    """Return a count as people say it: "100", "10 k", "1.2 M"."""
    for unit, factor in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count:.3g}"


def losses(report: ArenaReport) -> Html:
    """Return the training losses of all runs over one another, each a moving mean."""
    numbers, names = report.numbers, report.names
    drawn = sorted(
        (entry_id for entry_id, run in report.runs.items() if run.state.loss.steps), key=numbers.__getitem__
    )
    if not drawn:
        return Html()
    kinds = dict(zip(drawn, itertools.cycle(KINDS), strict=False))
    lines, told = [], []
    for entry_id in drawn:
        loss = report.runs[entry_id].state.loss
        mean = smoothed(loss.values, max(1, round(len(loss.values) * SMOOTHED_SHARE)))
        lines.append(
            Line([float(step) for step in loss.steps], mean, kinds[entry_id], label=str(numbers[entry_id]))
        )
        told.append(f"{names[entry_id]} {mean[-1]:.3f}")
    total = max(run.state.step for run in report.runs.values())
    return section(
        "Loss curves",
        curves(lines, total, f"Loss over the steps, at the last: {'; '.join(told)}", HEIGHT),
        element(
            "p", *(_key(kinds[each], numbers[each], names[each]) for each in drawn), class_="small legend"
        ),
        element("p", "Each line is a moving mean of the training loss over the steps.", class_="small"),
    )


def _key(kind: str, number: int, name: str) -> Html:
    path = element("path", d="M0 5h24", class_=kind)
    line = element("svg", path, width=24, height=10, class_="key-line", aria_hidden="true")
    return element("span", line, f"{number} {name}", class_="item")
