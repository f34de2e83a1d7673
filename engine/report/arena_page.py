"""The report of an arena as one page of HTML: who wins at what cost, what did not run and why, and what made it."""

from __future__ import annotations

from collections.abc import Sequence

from engine import arena as arenas
from engine.adapters.metadata import Scores
from engine.arena import Group, Row
from engine.config import recipe as recipes
from engine.report.arena_facts import ArenaReport
from engine.report.arena_plots import costs, losses
from engine.report.components import document, facts, foot, said, scored_under, section, tone
from engine.report.markup import Html, element, join
from engine.report.provenance import data_facts, environment
from engine.scoring import score_text
from engine.scoring.metrics import OTHER_METRICS, ROUGE, UNSTEMMED, Metric
from engine.system.units import size

SCORE = arenas.SCORE
UNKNOWN = "–"
STATES = {
    "waiting": "Waits for its turn",
    "running": "Runs",
    "completed": "Not scored",
    "stopped": "Stopped",
    "failed": "Failed",
    "crashed": "Crashed",
    "refused": "Can't run",
}
BESIDE = tuple(metric for metric in OTHER_METRICS if metric.name not in UNSTEMMED.values())


def render(report: ArenaReport) -> str:
    """Return the whole page; it needs nothing beside it and runs no script."""
    parts = (
        _title(report),
        _answer(report),
        *(_results(report, group) for group in report.groups),
        losses(report),
        _unscored(report),
        _differences(report),
        _data(report),
        section("Environment", facts(report.agreed(environment))),
        _recipe(report),
        foot(),
    )
    return document(f"{report.arena.name}: report", parts)


def _title(report: ArenaReport) -> Html:
    arena = report.arena
    told = f"{arenas.progress_text(arena, report.statuses)} Arena {arena.id}"
    return element("header", element("h1", arena.name), element("p", told, class_="small"))


def _answer(report: ArenaReport) -> Html:
    """Return what the arena was made to find out: the best, and how it fares against base and full fine-tuning."""
    if not report.groups:
        texts = ["Run its queue: each entry is scored once its run has ended."]
        return _box(element("strong", "No entry is scored yet"), texts)
    rows = report.groups[0].rows
    highest = _highest(rows)
    told = f"ROUGE-1 {score_text.interval(rows[0].scores[SCORE])}, the base model {_base_scores(rows)}."
    better = any(_verdict_of(row.against_base) == "better" for row in rows)
    strong = (
        element("strong", highest, class_=tone(_verdict_of(rows[0].against_base)))
        if better
        else element("strong", "No entry is measurably better than the base model", class_="even")
    )
    texts = [
        told if better else f"{highest}: {told}",
        _counted("against the base model", [row.against_base for row in rows]),
        _counted("against full fine-tuning", [row.against_full for row in rows if row.against_full]),
        _cheapest(rows),
    ]
    return _box(strong, texts)


def _highest(rows: Sequence[Row]) -> str:
    """Return which entry scores highest; entries that tie share it."""
    names = [row.name for row in rows if row.mean == rows[0].mean]
    if len(names) == 1:
        return f"{names[0]} scores highest"
    said_of = "score alike" if len(names) == len(rows) else "score alike, above all others"
    return f"{' and '.join(names)} {said_of}"


def _base_scores(rows: Sequence[Row]) -> str:
    """Return what the base scores; quantized forms of it differ, so that may be from one score to another."""
    means = [row.base[SCORE]["mean"] for row in rows]
    return " to ".join(dict.fromkeys(map(score_text.score, (min(means), max(means)))))


def _box(strong: Html, texts: Sequence[str]) -> Html:
    return element("div", strong, element("p", " ".join(filter(None, texts))), class_="verdict")


def _verdict_of(differences: dict[str, dict[str, str]]) -> str:
    return str(differences[SCORE]["verdict"])


def _counted(against: str, found: Sequence[dict[str, dict[str, str]]]) -> str:
    """Return how many entries have each verdict: "Against the base model: 7 better, 1 worse."."""
    verdicts = [_verdict_of(each) for each in found]
    told = [
        f"{verdicts.count(verdict)} {verdict}"
        for verdict in ("better", "no measurable difference", "worse")
        if verdict in verdicts
    ]
    return f"{against.capitalize()}: {', '.join(told)}." if told else ""


def _cheapest(rows: Sequence[Row]) -> str:
    """Return the entry that trains the fewest numbers of those that full fine-tuning is not better than.

    Where a single conversation gives no interval, nothing shows that.
    """
    equal = [
        (row.cost("parameters") or 0.0, row.name)
        for row in rows
        if row.against_full and "low" in row.against_full[SCORE] and _verdict_of(row.against_full) != "worse"
    ]
    if not equal:
        return ""
    numbers, name = min(equal)
    return f"Fewest numbers trained of those not worse than it: {name}, {numbers:,.0f}."


def _results(report: ArenaReport, group: Group) -> Html:
    apart = f"Not comparable with the first table: {', '.join(group.unlike)} differ." if group.unlike else ""
    base = score_text.interval(group.rows[0].base[SCORE])
    told = f"The base model scores {base}." if _same_base(group) else ""
    remarks = [element("li", f"{row.name}: {row.remark}") for row in group.rows if row.remark]
    missing = dict.fromkeys(row.full_missing for row in group.rows if row.full_missing)
    return section(
        "Results under another protocol" if group.unlike else "Results",
        element("p", " ".join(filter(None, (scored_under(group.protocol), told, apart)))),
        _table(report, group),
        element("ul", *remarks) if remarks else Html(),
        *(element("p", text, class_="small") for text in missing),
        costs(report, group),
        _scores("All scores", ROUGE, report, group),
        _scores(
            "Without stemmer",
            [each for each in OTHER_METRICS if each.name in UNSTEMMED.values()],
            report,
            group,
        ),
        _scores("What else was measured", BESIDE, report, group),
    )


def _same_base(group: Group) -> bool:
    """Tell whether all entries have the same base; one that is quantized scores otherwise."""
    return all(row.base == group.rows[0].base for row in group.rows)


def _head(*titles: str, right: Sequence[str] = ()) -> Html:
    return element(
        "tr", *(element("th", title, class_="num" if title in right else None) for title in titles)
    )


def _table(report: ArenaReport, group: Group) -> Html:
    right = ("ROUGE-1", "Against base", "Against full", "Trained", "Adapter", "Memory", "Minutes")
    bases = "" if _same_base(group) else "base {}"
    rows = [
        _row(report.numbers[row.id], row, bases.format(score_text.score(row.base[SCORE]["mean"])))
        for row in group.rows
    ]
    head = _head("", "Entry", right[0], right[1], "", right[2], "", *right[3:], right=right)
    return element("div", element("table", head, *rows, class_="dense"), class_="wide")


def _row(number: int, row: Row, base: str) -> Html:
    run, parameters, memory, minutes = row.status.run, *(row.cost(kind) for kind in arenas.COSTS)
    costs_told = (
        UNKNOWN if parameters is None else f"{parameters:,.0f}",
        size(run.adapter_bytes) if run and run.adapter_bytes and parameters else UNKNOWN,
        size(memory) if memory else UNKNOWN,
        UNKNOWN if minutes is None else f"{minutes:.1f}",
    )
    return element(
        "tr",
        element("td", str(number), class_="hint"),
        element("td", row.status.entry.title, element("div", row.status.entry.detail, class_="hint")),
        _figure(score_text.score(row.mean), score_text.spread(row.scores[SCORE], "points"), base),
        *_against(row.against_base, ""),
        *_against(row.against_full, "baseline" if row.is_baseline else ""),
        *(element("td", text, class_="num") for text in costs_told),
    )


def _against(differences: dict[str, dict[str, float]] | None, otherwise: str) -> tuple[Html, Html]:
    """Return a paired difference with its interval, and its verdict."""
    if differences is None:
        return element("td", UNKNOWN, class_="num"), element("td", otherwise, class_="hint")
    found = differences[SCORE]
    told = _figure(score_text.gain(found["mean"]), score_text.spread(found, "points", signed=True))
    return told, said(str(found["verdict"]))


def _figure(text: str, *hints: str) -> Html:
    return element(
        "td", text, *(element("span", hint, class_="hint") for hint in hints if hint), class_="num"
    )


def _scores(title: str, metrics: Sequence[Metric], report: ArenaReport, group: Group) -> Html:
    """Return a table of measures with the base's means, nothing where none was measured."""
    shown = [
        each for each in metrics if any(each.name in {**row.scores, **row.metrics} for row in group.rows)
    ]
    if not shown:
        return Html()
    titles, first, same = [each.title for each in shown], group.rows[0], _same_base(group)
    base = {**first.base, **first.base_metrics}
    rows = [_line("", "Base model", [_metric(each, base) for each in shown])] if same else []
    for row in group.rows:
        own = {**row.scores, **row.metrics}
        before = {} if same else {**row.base, **row.base_metrics}
        cells = [_metric(each, own, before) for each in shown]
        rows.append(_line(str(report.numbers[row.id]), row.name, cells))
    table = element("table", _head("", "Entry", *titles, right=titles), *rows, class_="dense")
    return join((element("h3", title), element("div", table, class_="wide")))


def _line(number: str, name: str, cells: Sequence[Html]) -> Html:
    return element("tr", element("td", number, class_="hint"), element("td", name), *cells)


def _metric(metric: Metric, own: Scores, base: Scores | None = None) -> Html:
    """Return a measure with its interval, and with that of its own base where bases differ."""
    found, before = own.get(metric.name), (base or {}).get(metric.name)
    if found is None:
        return element("td", UNKNOWN, class_="num")
    told = f"base {score_text.amount(before['mean'], metric.unit)}" if before else ""
    return _figure(score_text.amount(found["mean"], metric.unit), score_text.spread(found, metric.unit), told)


def _unscored(report: ArenaReport) -> Html:
    rows = [
        element(
            "tr",
            element("td", str(report.numbers[each.entry.id]), class_="hint"),
            element("td", each.entry.name),
            element("td", STATES[each.state]),
            element("td", each.reason),
        )
        for each in report.unscored
    ]
    if not rows:
        return Html()
    return section("Entries without a score", element("table", _head("", "Entry", "State", "Why"), *rows))


def _differences(report: ArenaReport) -> Html:
    """Return what each recipe sets that not all set alike; what is not set is left out."""
    found = report.differences()
    rows = [
        element(
            "tr",
            element("td", report.names[entry_id]),
            element(
                "td",
                " · ".join(
                    f"{each.key} {arenas.value_text(each.values[place])}"
                    for each in found
                    if each.values[place] not in (None, "")
                ),
            ),
        )
        for place, entry_id in enumerate(report.tables)
    ]
    if not found:
        return Html()
    table = element("table", _head("Entry", "What is not the same in all recipes"), *rows, class_="facts")
    return section("Differences between the recipes", table)


def _data(report: ArenaReport) -> Html:
    remarks = [
        element("li", text, element("div", whose, class_="hint") if whose else Html())
        for text, whose in report.remarks()
    ]
    return section(
        "Data and remarks",
        facts(report.agreed(data_facts)),
        element("h3", "What the runs remarked") if remarks else Html(),
        element("ul", *remarks) if remarks else Html(),
    )


def _recipe(report: ArenaReport) -> Html:
    if report.recipe is None:
        return section(
            "Recipe", element("p", "The recipe that the entries share can't be read.", class_="small")
        )
    return section("The recipe that the entries share", element("pre", recipes.dumps(report.recipe).strip()))
