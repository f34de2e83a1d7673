"""The report of an arena as a page: the values of `templates/report/arena.html`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from engine import arena as arenas
from engine.adapters.metadata import Scores
from engine.arena import Cost, Group
from engine.config import recipe as recipes
from engine.report import cells, svg, template
from engine.report.arena_facts import ArenaReport
from engine.report.cells import Headline, data_facts, environment
from engine.scoring import score_text
from engine.scoring.metrics import CHRF, HEADLINE, OTHER_METRICS, UNSTEMMED, Metric
from engine.system.units import size

SCORE = arenas.SCORE
SMOOTHED_FRACTION = 0.04
LOSSES_HEIGHT = 300
PLOT_TITLES: dict[Cost, str] = {
    "parameters": "ROUGE-1 against trainable parameters",
    "memory": "ROUGE-1 against peak memory",
    "minutes": "ROUGE-1 against minutes of training",
}
# Lines differ in colour and in dash, so that most of them differ on paper without colour too.
LINE_KINDS = tuple(
    f"run colour-{colour} dash-{dash}" for dash, colour in itertools.product(range(3), range(6))
)
FORGETTING = (
    "Forgetting: how much the loss on unrelated text rose against the base model, in nats per token. It "
    "shows what training cost elsewhere."
)
SEEDS = (
    "Seeds: a method with several seeds was trained once with each, on the same conversations. Its "
    "score is the mean over the seeds and its spread their standard deviation. The interval covers "
    "seeds and conversations: where the score would be with other seeds and similar conversations."
)
_UNSTEMMED = tuple(metric for metric in OTHER_METRICS if metric.name in UNSTEMMED.values())
_OTHERS = tuple(metric for metric in OTHER_METRICS if metric not in (*_UNSTEMMED, *HEADLINE))
SCORE_TABLES = (("All scores", HEADLINE), ("Without stemmer", _UNSTEMMED), ("Other metrics", _OTHERS))


def render(report: ArenaReport) -> str:
    """Return the whole page."""
    arena = report.arena
    return template.render(
        "arena.html",
        title=arena.name,
        subtitle=f"{arenas.progress_text(arena, report.statuses)} Arena {arena.id}",
        headline=_headline(report),
        numbers=report.numbers,
        groups=[_results(report, group) for group in report.groups],
        blind=cells.blind_votes([each.job.id for each in report.runs.values()]),
        losses=_losses(report),
        seeds=bool(report.later_seeds),
        unscored=report.unscored,
        states=arenas.STATE_TEXTS,
        differences=_differences(report),
        data=report.agreed(data_facts),
        remarks=report.remarks(),
        environment=report.agreed(environment),
        recipe=recipes.dumps(report.recipe).strip() if report.recipe else "",
    )


# ------------------------------------------------------------------------------------------------ headline


def _headline(report: ArenaReport) -> Headline:
    if not report.groups:
        return Headline("No entry is scored yet", "Run its queue. Entries are scored when their runs end.")
    found = arenas.headline(report.groups[0])
    return Headline(found.title, found.text, cells.tone(found.verdict or ""))


# ------------------------------------------------------------------------------------------------- results


def _results(report: ArenaReport, group: Group) -> dict[str, Any]:
    apart = f"Not comparable with the first table: {', '.join(group.unlike)} differ." if group.unlike else ""
    base = score_text.interval(group.rows[0].base[SCORE])
    same = f"The base model scores {base}." if _common_base(group) else ""
    tables = [(title, _measured(metrics, group)) for title, metrics in SCORE_TABLES]
    return {
        "title": "Results under another protocol" if group.unlike else "Results",
        "text": " ".join(filter(None, (cells.protocol_text(group.protocol), same, apart))),
        "rows": group.rows,
        "base": _common_base(group),
        "chrf": bool(_measured((CHRF,), group)),
        "remarks": [
            f"{row.name}: {text}"
            for row in group.rows
            for text in (row.remark, score_text.of_seeds(row.seeds.means_by_seed) if row.seeds else "")
            if text
        ],
        "seeds": SEEDS if any(row.seeds for row in group.rows) else "",
        "forgetting": FORGETTING if any(row.forgetting for row in group.rows) else "",
        "missing": list(dict.fromkeys(row.full_missing for row in group.rows if row.full_missing)),
        # Of each cost that is known of at least one entry.
        "plots": [
            {"title": PLOT_TITLES[kind], "drawing": _cost_plot(report, group, kind)}
            for kind in arenas.COSTS
            if any(row.cost(kind) is not None for row in group.rows)
        ],
        "tables": [(title, metrics) for title, metrics in tables if metrics],
    }


def _common_base(group: Group) -> Scores | None:
    """Return the base model's metrics, None where entries have different ones, as quantized bases do."""
    first = group.rows[0]
    return first.base | first.base_metrics if all(row.base == first.base for row in group.rows) else None


def _measured(metrics: Sequence[Metric], group: Group) -> list[Metric]:
    """Return the metrics that any entry has."""
    names = {name for row in group.rows for name in (*row.scores, *row.metrics)}
    return [metric for metric in metrics if metric.name in names]


def _differences(report: ArenaReport) -> list[tuple[str, str]]:
    """Return the values of each recipe that differ between the recipes; what is not set is left out."""
    found = report.recipes()
    differences = arenas.differences([tables for _, tables in found])
    if not differences:
        return []
    return [
        (
            name,
            " · ".join(
                f"{each.key} {arenas.value_text(each.values[index])}"
                for each in differences
                if each.values[index] not in (None, "")
            ),
        )
        for index, (name, _) in enumerate(found)
    ]


# --------------------------------------------------------------------------------------------------- plots


def _cost_plot(report: ArenaReport, group: Group, kind: Cost) -> Markup:
    points = [
        svg.Point(report.numbers[row.id], row.name, cost, cells.interval(row.scores[SCORE]))
        for row in group.rows
        if (cost := row.cost(kind)) is not None
    ]
    front = arenas.front([(point.cost, point.score[0]) for point in points])
    bases = {row.base[SCORE]["mean"] for row in group.rows}
    best = ", ".join(points[index].name for index in front)
    return svg.scatter(
        points,
        front,
        bases.pop() if len(bases) == 1 else None,
        lambda cost: _cost_text(cost, kind),
        f"{PLOT_TITLES[kind]}. No cheaper entry scores as high as {best}.",
        log=kind == "parameters",
    )


def _cost_text(cost: float, kind: Cost) -> str:
    if kind == "memory":
        return size(cost)
    if kind == "minutes":
        return f"{cost:g} min"
    # Three digits: "100", "10 k", "1.2 M".
    for unit, factor in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if cost >= factor:
            return f"{cost / factor:.3g} {unit}"
    return f"{cost:.3g}"


def _losses(report: ArenaReport) -> dict[str, Any] | None:
    """Return the training losses of all runs in one plot, each as a moving mean, and its legend; None without any.

    Of the seeds of a row, it is the first.
    """
    numbers, names, later = report.numbers, report.names, report.later_seeds
    drawn = sorted(
        (each for each, run in report.runs.items() if run.state.loss.steps and each not in later),
        key=numbers.__getitem__,
    )
    if not drawn:
        return None
    kinds = dict(zip(drawn, itertools.cycle(LINE_KINDS), strict=False))
    lines, last = [], []
    for entry_id in drawn:
        loss = report.runs[entry_id].state.loss
        mean = svg.smoothed(loss.values, max(1, round(len(loss.values) * SMOOTHED_FRACTION)))
        steps = [float(step) for step in loss.steps]
        lines.append(svg.Line(steps, mean, kinds[entry_id], label=str(numbers[entry_id])))
        last.append(f"{names[entry_id]} {mean[-1]:.3f}")
    total = max(run.state.step for run in report.runs.values())
    plot = svg.curves(lines, total, f"Loss over the steps, at the last: {'; '.join(last)}", LOSSES_HEIGHT)
    return {"plot": plot, "legend": [(kinds[each], f"{numbers[each]} {names[each]}") for each in drawn]}
