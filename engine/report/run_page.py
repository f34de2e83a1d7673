"""The report as one page of HTML: verdict first, then scores, conversations, training, and all that made the run."""

from __future__ import annotations

from engine.config import recipe as recipes
from engine.report import samples, svg
from engine.report.components import (
    document,
    ends,
    facts,
    foot,
    legend,
    moment,
    said,
    scored_under,
    section,
    tone,
)
from engine.report.markup import Html, element, join
from engine.report.provenance import data_facts, environment
from engine.report.run_facts import Compared, Report
from engine.scoring import score_text
from engine.system.units import size

SMOOTHED_SHARE = 0.02
ROUGE_HEIGHT = 150
OUTCOMES = {
    "completed": "Completed",
    "stopped": "Stopped",
    "failed": "Failed",
    "crashed": "Crashed",
    None: "Not finished",
}


def render(report: Report) -> str:
    """Return the whole page; it needs nothing beside it and runs no script."""
    parts = (
        _title(report),
        _verdict(report),
        _scores(report),
        samples.conversations(report),
        _training(report),
        _data(report),
        samples.pinned(report),
        _made_of(report),
        foot(),
    )
    return document(f"{report.recipe.name}: report", parts)


def _title(report: Report) -> Html:
    state = report.state
    when = moment(state.last_event_at)
    outcome = OUTCOMES[state.outcome]
    told = " · ".join(part for part in (f"{outcome} {when}".strip(), f"Run {report.job.id}") if part)
    return element("header", element("h1", report.recipe.name), element("p", told, class_="small"))


def _verdict(report: Report) -> Html:
    difference = (report.state.difference or {}).get("rouge1")
    if difference is None:
        headline = "The adapter was not scored" if report.state.adapter else "No adapter was made"
        text = "There is no score of base and tuned model to compare."
        return element("div", element("strong", headline), element("p", text), class_="verdict")
    than = "base model" if report.trains else "plain prompt"
    verdict = str(difference["verdict"])
    headline = {"better": f"Better than the {than}", "worse": f"Worse than the {than}"}.get(
        verdict, "No measurable difference"
    )
    sentence = score_text.verdict(difference, report.protocol.get("examples"))
    strong = element("strong", headline, class_=tone(verdict))
    return element("div", strong, element("p", sentence.partition(". ")[2]), class_="verdict")


def _scores(report: Report) -> Html:
    compared = report.compared()
    if not compared:
        return Html()
    stemmed = [each for each in compared if each.metric.name in (report.state.difference or {})]
    bars = [
        svg.Bar(each.metric.title, ends(each.base), ends(each.tuned))
        for each in stemmed
        if each.metric.unit == "points"
    ]
    base, tuned = report.sides
    told = "; ".join(
        f"{each.metric.title}: {base} {score_text.interval(each.base)}, {tuned} {score_text.interval(each.tuned)}"
        for each in stemmed
    )
    others = [each for each in compared if each not in stemmed]
    return section(
        "Scores",
        element("p", scored_under(report.protocol)),
        svg.intervals(bars, told),
        legend((("base", base), ("tuned", tuned)), "whiskers: 95 % interval"),
        _table(stemmed, report),
        element("h3", "What else was measured") if others else Html(),
        _table(others, report) if others else Html(),
        _speed(report),
    )


def _table(compared: list[Compared], report: Report) -> Html:
    base, tuned = report.sides
    heads = [element("th", "Measure")]
    heads += [
        element("th", text, class_="num")
        for text in (base.capitalize(), tuned.capitalize(), "Paired difference")
    ]
    head = element("tr", *heads, element("th", "Verdict"))
    return element("div", element("table", head, *map(_row, compared)), class_="wide")


def _row(each: Compared) -> Html:
    metric, unit = each.metric, each.metric.unit
    cells = [element("td", metric.title, element("div", metric.help, class_="hint"))]
    for found, signed in ((each.base, False), (each.tuned, False), (each.difference, True)):
        say = score_text.change if signed else score_text.amount
        spread = element("span", score_text.spread(found, unit, signed=signed), class_="hint")
        cells.append(element("td", say(found["mean"], unit), spread, class_="num"))
    return element("tr", *cells, said(str(each.difference["verdict"])))


def _speed(report: Report) -> Html:
    told = []
    for side, scored in zip(report.sides, (report.state.base_scores, report.state.tuned_scores), strict=True):
        seconds, speed = (scored or {}).get("seconds"), (scored or {}).get("tokens_per_second")
        if seconds is not None:
            rate = f", {speed:,.0f} tokens/s" if speed else ""
            told.append(f"{side}: {score_text.duration(float(seconds))}{rate}")
    if not told:
        return Html()
    text = f"Writing all summaries took: {'; '.join(told)}. Timed once, so without an interval."
    return element("p", text, class_="small")


def _training(report: Report) -> Html:
    state, started = report.state, report.state.started or {}
    if not report.trains or not state.loss.steps:
        return Html()
    span = max(1, round(len(state.loss.values) * SMOOTHED_SHARE))
    steps = [float(step) for step in state.loss.steps]
    lines = [
        svg.Line(steps, list(state.loss.values), "raw"),
        svg.Line(steps, svg.smoothed(state.loss.values, span), "smooth"),
    ]
    keys = [("tuned", "training loss")]
    if state.evaluation_loss.steps:
        held = [float(step) for step in state.evaluation_loss.steps]
        lines.append(svg.Line(held, list(state.evaluation_loss.values), "held", marked=True))
        keys.append(("validation", "validation loss"))
    last = f"{state.loss.values[-1]:.3f}"
    told = f"Loss over {score_text.counted(state.step, 'step')}, {last} at the last"
    trainable, everything = started.get("trainable_parameters"), started.get("all_parameters")
    adapter = state.adapter or {}
    share = (
        f"{trainable:,} of {everything:,} ({trainable / everything:.2%})" if trainable and everything else ""
    )
    return section(
        "Training",
        svg.curves(lines, max(state.total_steps, state.step), told),
        legend(tuple(keys), "over the steps; the thin line is every step, the bold one a moving mean"),
        _rouge_on_the_way(report),
        facts(
            [
                ("Steps", f"{state.step:,} of {state.total_steps:,}" if state.total_steps else ""),
                ("Kept step", f"{int(adapter['step']):,}" if adapter.get("step") else ""),
                ("Time", score_text.duration(float(adapter["seconds"])) if adapter.get("seconds") else ""),
                ("Numbers trained", share),
                ("Size on disk", size(int(adapter["bytes"])) if adapter.get("bytes") else ""),
                ("Peak memory", size(state.peak_memory_bytes) if state.peak_memory_bytes else ""),
            ]
        ),
    )


def _rouge_on_the_way(report: Report) -> Html:
    """Return ROUGE-1 at each evaluation, nothing where none was measured."""
    state, curve = report.state, report.state.evaluation_rouge1
    if not curve.steps:
        return Html()
    points = [value * 100 for value in curve.values]
    line = svg.Line([float(step) for step in curve.steps], points, "held", marked=True)
    told = f"ROUGE-1 of validation conversations at each evaluation, {points[-1]:.1f} at the last"
    plot = svg.curves([line], max(state.total_steps, state.step), told, ROUGE_HEIGHT)
    return element("figure", plot, legend((("validation", told),)))


def _data(report: Report) -> Html:
    remarks = [
        element("li", " ".join(filter(None, (notice["message"], notice.get("hint", "")))))
        for notice in report.remarks()
    ]
    return section(
        "Data and remarks",
        facts(data_facts(report)),
        element("h3", "What the run remarked"),
        element("ul", *remarks)
        if remarks
        else element("p", "Nothing was left out, cut or masked.", class_="small"),
    )


def _made_of(report: Report) -> Html:
    return join(
        (
            section("AdapterMetadata", _metadata(report)),
            section("Environment", facts(environment(report))),
            section("Recipe", element("pre", recipes.dumps(report.recipe).strip())),
        )
    )


def _metadata(report: Report) -> Html:
    metadata = report.metadata
    if metadata is None:
        return element("p", "The run's adapter is not in the library.", class_="small")
    base, method, training = metadata.base_model, metadata.method, metadata.training
    settings = ", ".join(f"{name} {value}" for name, value in method.options.items())
    return facts(
        [
            ("Adapter", metadata.name),
            ("Id", metadata.id),
            ("Made", metadata.made_at),
            ("Base model", " ".join(filter(None, (base.id, base.revision)))),
            ("Base fingerprint", base.fingerprint),
            ("Quantization", base.quantization),
            ("Method", method.title or method.id),
            ("Settings", settings),
            ("Learning rate", f"{method.learning_rate:g}" if method.learning_rate else ""),
            ("Seed", str(training.seed)),
            ("Prompt", metadata.prompt.template if metadata.prompt else ""),
            ("Tags", ", ".join(metadata.tags)),
            ("Notes", metadata.notes),
        ]
    )
