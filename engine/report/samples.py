"""The conversations of a run's report: how many gained, and a few of them with their summaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from markupsafe import Markup

from engine.jobs.run_state import Sample
from engine.report import svg
from engine.report.run_facts import Report
from engine.runs.example_scores import ExampleScores
from engine.scoring import score_text
from engine.scoring.faithfulness import check_claims
from engine.scoring.metrics import CHRF

SCORE = "rouge1"
SHOWN_EACH = 3
MAX_CHARACTERS = 3_000
MAX_PINNED = 100


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
        f"of {score_text.counted(len(values), 'conversation')}."
    )
    plot = svg.histogram(values, f"Conversations by gain in ROUGE-1. {text}") if len(values) > 1 else ""
    groups = [
        (title, tuple(_conversation(examples, index, report.sides) for index in indices))
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
            *((side.capitalize(), "", spans(summary, texts.conversation)) for side, summary in summaries),
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
    return " · ".join((_step_text(sample.step, report), *scores))


def _step_text(step: int, report: Report) -> str:
    if step:
        return f"Step {step:,}"
    return "Base" if report.trains else "This prompt"
