"""The report of a run as a page: the values of `templates/report/run.html`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from markupsafe import Markup

from engine.config import recipe as recipes
from engine.jobs import run_text
from engine.jobs.run_state import Sample
from engine.messages import counted
from engine.report import cells, svg, template
from engine.report.cells import Facts, Headline, data_facts, environment
from engine.report.run_facts import Report
from engine.runs.example_scores import ExampleScores
from engine.scoring import score_text
from engine.scoring.faithfulness import check_claims
from engine.scoring.metrics import CHRF, HEADLINE
from engine.system.units import duration

SMOOTHED_FRACTION = 0.02
SCORES_HEIGHT = 150
INTERIM = "Scores of validation conversations at each evaluation"
SCORE = "rouge1"
# Conversations that gained most, that are in the middle and that lost most: of each so many are shown.
SHOWN_EACH = 3
MAX_CHARACTERS = 3_000
MAX_PINNED = 100


def render(report: Report) -> str:
    """Return the whole page."""
    return template.render(
        "run.html",
        title=report.recipe.name,
        subtitle=_subtitle(report),
        headline=_headline(report),
        sides=report.side_heads,
        scores=_scores(report),
        gains=gains(report),
        training=_training(report),
        data=data_facts(report),
        remarks=[
            (" ".join(filter(None, (each["message"], each.get("hint", "")))), "") for each in report.remarks()
        ],
        samples=pinned(report),
        blind=cells.blind_votes([report.job.id]),
        adapter=_adapter(report),
        environment=environment(report),
        recipe=recipes.dumps(report.recipe).strip(),
    )


def _subtitle(report: Report) -> str:
    at = report.state.last_event_at
    when = "" if at is None else f"{datetime.fromtimestamp(at, UTC).astimezone():%Y-%m-%d %H:%M}"
    ended = run_text.ended(report.state, when) if report.state.outcome else f"Not finished {when}".strip()
    return f"{ended} · Run {report.job.id}"


def _headline(report: Report) -> Headline:
    difference = (report.state.difference or {}).get("rouge1")
    if difference is None:
        title = "The adapter was not scored" if report.state.adapter else "No adapter was created"
        return Headline(title, "There are no scores of base and tuned model to compare.")
    examples = int(report.protocol.get("examples") or 0)
    title = score_text.headline(difference, examples, trains=report.trains)
    sentence = score_text.change_sentence(difference, report.protocol)
    return Headline(title, sentence, cells.tone(str(difference["verdict"])))


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
            parts.append(f"{side}: {duration(float(seconds))}{rate}")
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
    description = f"Loss over {counted(state.step, 'step')}, {state.loss.values[-1]:.3f} at the last"
    return {
        "plot": svg.curves(lines, total, description),
        "legend": keys,
        "interim": _interim_scores(report, total),
        "facts": run_text.facts(report.state),
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


# The conversations


@dataclass(frozen=True)
class Span:
    """A part of a text; `unsupported` ones are not in the conversation."""

    text: str
    unsupported: bool = False


@dataclass(frozen=True)
class Conversation:
    """A conversation with its summaries: rows of name, class of the style and text."""

    title: str
    rows: tuple[tuple[str, str, tuple[Span, ...]], ...]


@dataclass(frozen=True)
class Gains:
    """How many conversations gained or lost, the histogram of gains, and the extremes and the middle in full."""

    text: str
    plot: Markup | str
    groups: tuple[tuple[str, tuple[Conversation, ...]], ...]


def gains(report: Report) -> Gains | None:
    """Return what conversations gained, None where their scores are not known."""
    examples = report.examples
    if examples is None or SCORE not in examples.base.rouge or SCORE not in examples.tuned.rouge:
        return None
    values = [
        after - before
        for before, after in zip(examples.base.rouge[SCORE], examples.tuned.rouge[SCORE], strict=True)
    ]
    if not values:
        return None
    rose, fell = sum(value > 0 for value in values), sum(value < 0 for value in values)
    text = (
        f"ROUGE-1 rose on {rose:,}, fell on {fell:,} and stayed the same on {len(values) - rose - fell:,} "
        f"of {counted(len(values), 'conversation')}."
    )
    plot = svg.histogram(values, f"Conversations by gain in ROUGE-1. {text}") if len(values) > 1 else ""
    groups = [
        (title, tuple(_conversation(examples, index, report.side_heads) for index in indices))
        for title, indices in (chosen(values) if examples.texts else ())
    ]
    return Gains(text, plot, tuple(groups))


def chosen(values: Sequence[float]) -> list[tuple[str, list[int]]]:
    """Return the indices of those that gained most, of the middle, and of those that lost most, each once."""
    order = sorted(range(len(values)), key=lambda index: -values[index])
    best = [index for index in order[:SHOWN_EACH] if values[index] > 0]
    worst = [index for index in reversed(order[-SHOWN_EACH:]) if values[index] < 0 and index not in best]
    rest = [index for index in order if index not in (*best, *worst)]
    start = max(0, (len(rest) - SHOWN_EACH) // 2)
    groups = [
        ("Gained most", best),
        ("In the middle", rest[start : start + SHOWN_EACH]),
        ("Lost most", worst),
    ]
    return [(title, indices) for title, indices in groups if indices]


def _conversation(examples: ExampleScores, index: int, sides: tuple[str, str]) -> Conversation:
    before, after = examples.base.rouge[SCORE][index], examples.tuned.rouge[SCORE][index]
    texts = examples.texts[index]
    title = (
        f"Conversation {examples.examples[index]} · ROUGE-1 {score_text.score(before)} to {score_text.score(after)} "
        f"({score_text.gain(after - before)}){_chrf(examples, index)}"
    )
    summaries = zip(sides, (examples.base.summaries[index], examples.tuned.summaries[index]), strict=True)
    return Conversation(
        title,
        (
            ("Conversation", "spoken", (Span(_shortened(texts.conversation)),)),
            *(("Reference", "", (Span(text),)) for text in texts.references),
            *((side, "", spans(summary, texts.conversation)) for side, summary in summaries),
        ),
    )


def _chrf(examples: ExampleScores, index: int) -> str:
    """Return chrF of both summaries, "" for runs that have none."""
    values = [written.metrics.get(CHRF.name) for written in (examples.base, examples.tuned)]
    before, after = (None if each is None else each[index] for each in values)
    if before is None or after is None:
        return ""
    return (
        f", chrF {score_text.score(before)} to {score_text.score(after)} ({score_text.gain(after - before)})"
    )


def spans(summary: str, conversation: str) -> tuple[Span, ...]:
    """Return a summary in parts: claims that are not in the conversation are marked."""
    parts: list[Span] = []
    end = 0
    for claim in check_claims(summary, conversation).unsupported:
        if claim.start >= end:
            parts += [
                Span(summary[end : claim.start]),
                Span(summary[claim.start : claim.end], unsupported=True),
            ]
            end = claim.end
    return tuple(part for part in (*parts, Span(summary[end:])) if part.text)


def _shortened(text: str) -> str:
    if len(text) <= MAX_CHARACTERS:
        return text
    return f"{text[:MAX_CHARACTERS]}…\n({len(text) - MAX_CHARACTERS:,} more characters)"


def pinned(report: Report) -> list[Conversation]:
    """Return the pinned conversations with their first and their last summary."""
    by_example: dict[str, list[Sample]] = {}
    for sample in report.state.samples:
        by_example.setdefault(sample.example, []).append(sample)
    conversations = []
    for example, own in islice(by_example.items(), MAX_PINNED):
        shown = own if len(own) == 1 else [own[0], own[-1]]
        rows = (
            ("Conversation", "spoken", (Span(_shortened(own[0].conversation)),)),
            ("Reference", "", (Span(own[0].reference),)),
            *((_sample_text(each, report), "", spans(each.summary, each.conversation)) for each in shown),
        )
        conversations.append(Conversation(f"Conversation {example}", rows))
    return conversations


def _sample_text(sample: Sample, report: Report) -> str:
    """Return a sample's step, with its scores where they are known."""
    values = (("ROUGE-1", sample.rouge1), (CHRF.title, sample.chrf))
    scores = [f"{title} {score_text.score(value)}" for title, value in values if value is not None]
    step = f"Step {sample.step:,}" if sample.step else "Base" if report.trains else "This prompt"
    return " · ".join((step, *scores))
