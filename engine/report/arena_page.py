"""The report of an arena as a page: the values of `templates/report/arena.html`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import arena as arenas
from engine.adapters.metadata import Scores
from engine.arena import Group, Row
from engine.config import recipe as recipes
from engine.report import arena_plots, cells, template
from engine.report.arena_facts import ArenaReport
from engine.report.cells import Figure, Headline, Verdict
from engine.report.provenance import data_facts, environment
from engine.scoring import score_text
from engine.scoring.metrics import OTHER_METRICS, ROUGE, UNSTEMMED, Metric
from engine.system.units import size

SCORE = arenas.SCORE
UNKNOWN = "–"
STATES = {
    "waiting": "Waiting",
    "running": "Running",
    "completed": "Not scored",
    "stopped": "Stopped",
    "failed": "Failed",
    "crashed": "Crashed",
    "refused": "Can't run",
}
_UNSTEMMED = tuple(metric for metric in OTHER_METRICS if metric.name in UNSTEMMED.values())
_OTHERS = tuple(metric for metric in OTHER_METRICS if metric not in _UNSTEMMED)
SCORE_TABLES = (("All scores", ROUGE), ("Without stemmer", _UNSTEMMED), ("Other metrics", _OTHERS))


def render(report: ArenaReport) -> str:
    """Return the whole page."""
    arena = report.arena
    return template.render(
        "arena.html",
        title=arena.name,
        subtitle=f"{arenas.progress_text(arena, report.statuses)} Arena {arena.id}",
        headline=_headline(report),
        groups=[_results(report, group) for group in report.groups],
        losses=arena_plots.losses(report),
        unscored=_unscored(report),
        differences=_differences(report),
        data=report.agreed(data_facts),
        remarks=report.remarks(),
        environment=report.agreed(environment),
        recipe=recipes.dumps(report.recipe).strip() if report.recipe else "",
    )


# ------------------------------------------------------------------------------------------------ headline


def _headline(report: ArenaReport) -> Headline:
    """Return the best entry, and how entries compare with the base and with full fine-tuning."""
    if not report.groups:
        return Headline(
            "No entry is scored yet", "Run its queue: each entry is scored once its run has ended."
        )
    rows = report.groups[0].rows
    best = _best(rows)
    scores = f"ROUGE-1 {score_text.interval(rows[0].scores[SCORE])}, the base model {_base_scores(rows)}."
    better = any(_verdict_of(row.against_base) == "better" for row in rows)
    texts = (
        scores if better else f"{best}: {scores}",
        _verdict_counts("against the base model", [row.against_base for row in rows]),
        _verdict_counts("against full fine-tuning", [row.against_full for row in rows if row.against_full]),
        _smallest(rows),
    )
    text = " ".join(filter(None, texts))
    if better:
        return Headline(best, text, cells.tone(_verdict_of(rows[0].against_base)))
    return Headline("No entry is measurably better than the base model", text, cells.EVEN)


def _best(rows: Sequence[Row]) -> str:
    """Return which entry scores highest; entries that tie share it."""
    names = [row.name for row in rows if row.mean == rows[0].mean]
    if len(names) == 1:
        return f"{names[0]} scores highest"
    tie = "score alike" if len(names) == len(rows) else "score alike, above all others"
    return f"{' and '.join(names)} {tie}"


def _base_scores(rows: Sequence[Row]) -> str:
    """Return the base model's score; where entries quantize it otherwise, the lowest and the highest one."""
    means = [row.base[SCORE]["mean"] for row in rows]
    return " to ".join(dict.fromkeys(map(score_text.score, (min(means), max(means)))))


def _verdict_of(differences: dict[str, dict[str, str]]) -> str:
    return str(differences[SCORE]["verdict"])


def _verdict_counts(against: str, found: Sequence[dict[str, dict[str, str]]]) -> str:
    """Return how many entries have each verdict: "Against the base model: 7 better, 1 worse."."""
    verdicts = [_verdict_of(each) for each in found]
    counts = [
        f"{verdicts.count(verdict)} {verdict}"
        for verdict in ("better", "no measurable difference", "worse")
        if verdict in verdicts
    ]
    return f"{against.capitalize()}: {', '.join(counts)}." if counts else ""


def _smallest(rows: Sequence[Row]) -> str:
    """Return the entry with the fewest trainable parameters that is not worse than full fine-tuning.

    A single conversation gives no interval, so nothing can be said.
    """
    equal = [
        (row.cost("parameters") or 0.0, row.name)
        for row in rows
        if row.against_full and "low" in row.against_full[SCORE] and _verdict_of(row.against_full) != "worse"
    ]
    if not equal:
        return ""
    count, name = min(equal)
    return f"Fewest trainable parameters without being worse than it: {name}, {count:,.0f}."


# ------------------------------------------------------------------------------------------------- results


def _results(report: ArenaReport, group: Group) -> dict[str, Any]:
    apart = f"Not comparable with the first table: {', '.join(group.unlike)} differ." if group.unlike else ""
    base = score_text.interval(group.rows[0].base[SCORE])
    same = f"The base model scores {base}." if _same_base(group) else ""
    tables = (_score_table(title, metrics, report, group) for title, metrics in SCORE_TABLES)
    return {
        "title": "Results under another protocol" if group.unlike else "Results",
        "text": " ".join(filter(None, (cells.protocol_text(group.protocol), same, apart))),
        "rows": [_row(report, group, row) for row in group.rows],
        "remarks": [f"{row.name}: {row.remark}" for row in group.rows if row.remark],
        "missing": list(dict.fromkeys(row.full_missing for row in group.rows if row.full_missing)),
        "plots": arena_plots.costs(report, group),
        "tables": [table for table in tables if table["head"]],
    }


def _same_base(group: Group) -> bool:
    """Tell whether all entries have the same base scores; quantized ones differ."""
    return all(row.base == group.rows[0].base for row in group.rows)


def _row(report: ArenaReport, group: Group, row: Row) -> dict[str, Any]:
    base = "" if _same_base(group) else f"base {score_text.score(row.base[SCORE]['mean'])}"
    return {
        "number": report.numbers[row.id],
        "title": row.status.entry.title,
        "detail": row.status.entry.detail,
        "score": Figure(
            score_text.score(row.mean), (score_text.interval_in(row.scores[SCORE], "points"), base)
        ),
        "differences": (
            _difference(row.against_base),
            _difference(row.against_full, "baseline" if row.is_baseline else ""),
        ),
        "costs": _costs(row),
    }


def _costs(row: Row) -> tuple[str, ...]:
    run, parameters, memory, minutes = row.status.run, *(row.cost(kind) for kind in arenas.COSTS)
    return (
        UNKNOWN if parameters is None else f"{parameters:,.0f}",
        size(run.adapter_bytes) if run and run.adapter_bytes and parameters else UNKNOWN,
        size(memory) if memory else UNKNOWN,
        UNKNOWN if minutes is None else f"{minutes:.1f}",
    )


def _difference(
    differences: dict[str, dict[str, float]] | None, otherwise: str = ""
) -> tuple[Figure, Verdict]:
    """Return a paired difference with its interval, and its verdict."""
    if differences is None:
        return Figure(UNKNOWN), Verdict(otherwise, "hint")
    found = differences[SCORE]
    figure = Figure(score_text.gain(found["mean"]), (score_text.interval_in(found, "points", signed=True),))
    return figure, cells.verdict(str(found["verdict"]))


def _score_table(title: str, metrics: Sequence[Metric], report: ArenaReport, group: Group) -> dict[str, Any]:
    """Return a table of the metrics that any entry has, with the base's means."""
    shown = [
        each for each in metrics if any(each.name in {**row.scores, **row.metrics} for row in group.rows)
    ]
    first, same = group.rows[0], _same_base(group)
    base = {**first.base, **first.base_metrics}
    rows = [_score_row("", "Base model", [_figure(each, base) for each in shown])] if same else []
    for row in group.rows:
        own = {**row.scores, **row.metrics}
        own_base = {} if same else {**row.base, **row.base_metrics}
        figures = [_figure(each, own, own_base) for each in shown]
        rows.append(_score_row(str(report.numbers[row.id]), row.name, figures))
    return {"title": title, "head": [each.title for each in shown], "rows": rows}


def _score_row(number: str, name: str, figures: Sequence[Figure]) -> dict[str, Any]:
    return {"number": number, "name": name, "cells": figures}


def _figure(metric: Metric, own: Scores, base: Scores | None = None) -> Figure:
    """Return a metric with its interval, and with that of its own base where bases differ."""
    found, before = own.get(metric.name), (base or {}).get(metric.name)
    if found is None:
        return Figure(UNKNOWN)
    text = f"base {score_text.amount(before['mean'], metric.unit)}" if before else ""
    return Figure(
        score_text.amount(found["mean"], metric.unit), (score_text.interval_in(found, metric.unit), text)
    )


# ------------------------------------------------------------------------------------------------ the rest


def _unscored(report: ArenaReport) -> list[dict[str, Any]]:
    return [
        {
            "number": report.numbers[each.entry.id],
            "name": each.entry.name,
            "state": STATES[each.state],
            "reason": each.reason,
        }
        for each in report.unscored
    ]


def _differences(report: ArenaReport) -> list[tuple[str, str]]:
    """Return the values of each recipe that differ between the recipes; what is not set is left out."""
    found = report.differences()
    if not found:
        return []
    return [
        (
            report.names[entry_id],
            " · ".join(
                f"{each.key} {arenas.value_text(each.values[index])}"
                for each in found
                if each.values[index] not in (None, "")
            ),
        )
        for index, entry_id in enumerate(report.tables)
    ]
