"""The report of a run as a page: the values of `templates/report/run.html`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from engine.config import recipe as recipes
from engine.report import blind_votes, cells, samples, svg, template
from engine.report.cells import Headline
from engine.report.provenance import Facts, data_facts, environment
from engine.report.run_facts import Report
from engine.scoring import score_text
from engine.scoring.metrics import CHRF, HEADLINE, is_on_few
from engine.system.units import size

SMOOTHED_FRACTION = 0.02
SCORES_HEIGHT = 150
INTERIM = "Scores of validation conversations at each evaluation"
OUTCOMES = {
    "completed": "Completed",
    "stopped": "Stopped",
    "failed": "Failed",
    "crashed": "Crashed",
    "away": "At another computer",
    None: "Not finished",
}


def render(report: Report) -> str:
    """Return the whole page."""
    return template.render(
        "run.html",
        title=report.recipe.name,
        subtitle=_subtitle(report),
        headline=_headline(report),
        sides=tuple(side.capitalize() for side in report.sides),
        scores=_scores(report),
        gains=samples.gains(report),
        training=_training(report),
        data=data_facts(report),
        remarks=_remarks(report),
        samples=samples.pinned(report),
        blind=blind_votes.of_runs([report.job.id]),
        adapter=_adapter(report),
        environment=environment(report),
        recipe=recipes.dumps(report.recipe).strip(),
    )


def _subtitle(report: Report) -> str:
    at = report.state.last_event_at
    when = "" if at is None else f"{datetime.fromtimestamp(at, UTC).astimezone():%Y-%m-%d %H:%M}"
    return f"{f'{OUTCOMES[report.state.outcome]} {when}'.strip()} · Run {report.job.id}"


def _headline(report: Report) -> Headline:
    difference = (report.state.difference or {}).get("rouge1")
    if difference is None:
        title = "The adapter was not scored" if report.state.adapter else "No adapter was made"
        return Headline(title, "There is no score of base and tuned model to compare.")
    than = "base model" if report.trains else "plain prompt"
    verdict = str(difference["verdict"])
    titles = {"better": f"Better than the {than}", "worse": f"Worse than the {than}"}
    title = titles.get(verdict, score_text.VERDICT_TEXTS[verdict])
    if is_on_few(int(report.protocol.get("examples") or 0)):
        title = f"{title}, on few conversations"
    sentence = score_text.verdict(difference, report.protocol)
    return Headline(title, sentence.partition(". ")[2], cells.tone(verdict))


def _scores(report: Report) -> dict[str, Any] | None:
    compared = report.compared()
    if not compared:
        return None
    headline = [each for each in compared if each.metric in HEADLINE]
    bars = [
        svg.Bar(each.metric.title, cells.interval(each.base), cells.interval(each.tuned)) for each in headline
    ]
    base, tuned = report.sides
    description = "; ".join(
        f"{each.metric.title}: {base} {score_text.interval(each.base)}, {tuned} {score_text.interval(each.tuned)}"
        for each in headline
    )
    return {
        "protocol": cells.protocol_text(report.protocol),
        "plot": svg.intervals(bars, description),
        "headline": headline,
        "others": [each for each in compared if each not in headline],
        "speed": _speed(report),
    }


def _speed(report: Report) -> str:
    """Return how long generation took, "" where that is not known."""
    parts = []
    for side, scored in zip(report.sides, (report.state.base_scores, report.state.tuned_scores), strict=True):
        seconds, speed = (scored or {}).get("seconds"), (scored or {}).get("tokens_per_second")
        if seconds is not None:
            rate = f", {speed:,.0f} tokens/s" if speed else ""
            parts.append(f"{side}: {score_text.duration(float(seconds))}{rate}")
    text = f"Generating all summaries took: {'; '.join(parts)}. Timed once, so without an interval."
    return text if parts else ""


def _training(report: Report) -> dict[str, Any] | None:
    state = report.state
    if not report.trains or not state.loss.steps:
        return None
    span = max(1, round(len(state.loss.values) * SMOOTHED_FRACTION))
    steps = _floats(state.loss.steps)
    lines = [
        svg.Line(steps, list(state.loss.values), "raw"),
        svg.Line(steps, svg.smoothed(state.loss.values, span), "smooth"),
    ]
    keys = [("tuned", "Training loss")]
    if state.evaluation_loss.steps:
        curve = state.evaluation_loss
        lines.append(svg.Line(_floats(curve.steps), list(curve.values), "held", marked=True))
        keys.append(("validation", "Validation loss"))
    total = max(state.total_steps, state.step)
    description = (
        f"Loss over {score_text.counted(state.step, 'step')}, {state.loss.values[-1]:.3f} at the last"
    )
    return {
        "plot": svg.curves(lines, total, description),
        "legend": keys,
        "interim": _interim_scores(report, total),
        "facts": _training_facts(report),
    }


def _interim_scores(report: Report, total: int) -> dict[str, Any] | None:
    """Return the plot and legend of the scores during training, None without any; older runs have no chrF."""
    curves = [
        ("validation", "held", "ROUGE-1", report.state.evaluation_rouge1),
        ("tuned", "smooth", CHRF.title, report.state.evaluation_chrf),
    ]
    known = [each for each in curves if each[-1].steps]
    if not known:
        return None
    lines = [
        svg.Line(_floats(curve.steps), [value * 100 for value in curve.values], kind, marked=kind == "held")
        for _, kind, _, curve in known
    ]
    legend = [
        (key, f"{title}, {score_text.score(curve.values[-1])} at the last") for key, _, title, curve in known
    ]
    text = f"{INTERIM}: {'; '.join(name for _, name in legend)}"
    return {"plot": svg.curves(lines, total, text, SCORES_HEIGHT), "legend": legend, "text": INTERIM}


def _floats(steps: Sequence[int]) -> list[float]:
    return [float(step) for step in steps]


def _training_facts(report: Report) -> Facts:
    state, started, adapter = report.state, report.state.started or {}, report.state.adapter or {}
    trainable, everything = started.get("trainable_parameters"), started.get("all_parameters")
    return [
        ("Steps", f"{state.step:,} of {state.total_steps:,}" if state.total_steps else ""),
        ("Step of the adapter", f"{int(adapter['step']):,}" if adapter.get("step") else ""),
        ("Time", score_text.duration(float(adapter["seconds"])) if adapter.get("seconds") else ""),
        (
            "Trainable parameters",
            f"{trainable:,} of {everything:,} ({trainable / everything:.2%})"
            if trainable and everything
            else "",
        ),
        ("Size on disk", size(int(adapter["bytes"])) if adapter.get("bytes") else ""),
        ("Peak memory", size(state.peak_memory_bytes) if state.peak_memory_bytes else ""),
    ]


def _remarks(report: Report) -> list[tuple[str, str]]:
    return [
        (" ".join(filter(None, (each["message"], each.get("hint", "")))), "") for each in report.remarks()
    ]


def _adapter(report: Report) -> Facts:
    metadata = report.metadata
    if metadata is None:
        return []
    base, method, training = metadata.base_model, metadata.method, metadata.training
    return [
        ("Adapter", metadata.name),
        ("Id", metadata.id),
        ("Made", metadata.made_at),
        ("Base model", " ".join(filter(None, (base.id, base.revision)))),
        ("Base fingerprint", base.fingerprint),
        ("Quantization", base.quantization),
        ("Method", method.title or method.id),
        ("Options", ", ".join(f"{name} {value}" for name, value in method.options.items())),
        ("Learning rate", f"{method.learning_rate:g}" if method.learning_rate else ""),
        ("Seed", str(training.seed)),
        ("Prompt", metadata.prompt.template if metadata.prompt else ""),
        ("Tags", ", ".join(metadata.tags)),
        ("Notes", metadata.notes),
    ]
