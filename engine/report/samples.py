"""The conversations of a report: how they fared as a whole, and a few of them in full."""

from __future__ import annotations

from collections.abc import Sequence

from engine.report import svg
from engine.report.markup import Html, element, join
from engine.report.run_facts import Report
from engine.runs.example_scores import ExampleScores
from engine.scoring import score_text
from engine.scoring.faithfulness import check_claims

SCORE = "rouge1"
SHOWN_EACH = 3
MAX_CHARACTERS = 3_000


def gains(examples: ExampleScores, name: str = SCORE) -> list[float]:
    """Return what each conversation gained, in order."""
    pairs = zip(examples.base.rouge[name], examples.tuned.rouge[name], strict=True)
    return [after - before for before, after in pairs]


def conversations(report: Report) -> Html:
    """Return how many conversations gained or lost, and the extremes and the middle in full."""
    examples = report.examples
    if examples is None or SCORE not in examples.base.rouge or SCORE not in examples.tuned.rouge:
        return Html()
    gained = gains(examples)
    if not gained:
        return Html()
    better, worse = sum(gain > 0 for gain in gained), sum(gain < 0 for gain in gained)
    same = len(gained) - better - worse
    summary = (
        f"ROUGE-1 rose on {better:,}, fell on {worse:,} and stayed on {same:,} "
        f"of {score_text.counted(len(gained), 'conversation')}."
    )
    parts = [element("p", summary)]
    if len(gained) > 1:
        parts.append(svg.histogram(gained, f"Conversations by gain in ROUGE-1. {summary}"))
    if examples.texts:
        parts += [
            join((element("h3", title), *(_conversation(examples, place, report.sides) for place in places)))
            for title, places in chosen(gained)
        ]
        parts.append(_underlined())
    return element("section", element("h2", "Conversation by conversation"), *parts)


def chosen(gained: Sequence[float]) -> list[tuple[str, list[int]]]:
    """Return the places of those that gained most, of the middle, and of those that lost most; none stands twice."""
    order = sorted(range(len(gained)), key=lambda place: -gained[place])
    most = [place for place in order[:SHOWN_EACH] if gained[place] > 0]
    least = [place for place in reversed(order[-SHOWN_EACH:]) if gained[place] < 0 and place not in most]
    rest = [place for place in order if place not in (*most, *least)]
    start = max(0, (len(rest) - SHOWN_EACH) // 2)
    groups = [
        ("Gained most", most),
        ("In the middle", rest[start : start + SHOWN_EACH]),
        ("Lost most", least),
    ]
    return [(title, places) for title, places in groups if places]


def _conversation(examples: ExampleScores, place: int, sides: tuple[str, str]) -> Html:
    before, after = examples.base.rouge[SCORE][place], examples.tuned.rouge[SCORE][place]
    said = examples.texts[place].conversation
    head = (
        f"Conversation {examples.examples[place]} · ROUGE-1 {score_text.score(before)} to {score_text.score(after)} "
        f"({score_text.gain(after - before)})"
    )
    rows = [
        ("Conversation", element("dd", _shortened(said), class_="said")),
        *(("Reference", element("dd", text)) for text in examples.texts[place].references),
        *(
            (side.capitalize(), element("dd", marked(written.summaries[place], said)))
            for side, written in zip(sides, (examples.base, examples.tuned), strict=True)
        ),
    ]
    return element("article", element("h4", head), _listed(rows))


def _listed(rows: Sequence[tuple[str, Html]]) -> Html:
    return element("dl", *(part for name, told in rows for part in (element("dt", name), told)))


def marked(summary: str, conversation: str) -> Html:
    """Return a summary with what does not stand in the conversation underlined."""
    if not summary:
        return element("span", "Nothing was written.", class_="hint")
    parts: list[str] = []
    end = 0
    for claim in check_claims(summary, conversation).unsupported:
        if claim.start >= end:
            parts += [summary[end : claim.start], element("u", summary[claim.start : claim.end])]
            end = claim.end
    return join((*parts, summary[end:]))


def _underlined() -> Html:
    text = (
        "Underlined: names, numbers, times and dates that do not stand in the conversation, found by pattern."
    )
    return element("p", text, class_="small")


def _shortened(text: str) -> str:
    if len(text) <= MAX_CHARACTERS:
        return text
    return f"{text[:MAX_CHARACTERS]}…\n({len(text) - MAX_CHARACTERS:,} more characters)"


def pinned(report: Report) -> Html:
    """Return the pinned conversations as they were summarised at first and at last."""
    samples = report.state.samples
    if not samples:
        return Html()
    articles = []
    for example in dict.fromkeys(sample.example for sample in samples):
        own = [sample for sample in samples if sample.example == example]
        shown = own if len(own) == 1 else [own[0], own[-1]]
        rows = [
            ("Conversation", element("dd", _shortened(own[0].conversation), class_="said")),
            ("Reference", element("dd", own[0].reference)),
            *(
                (_when(sample.step, report), element("dd", marked(sample.summary, sample.conversation)))
                for sample in shown
            ),
        ]
        articles.append(element("article", element("h4", f"Conversation {example}"), _listed(rows)))
    return element("section", element("h2", "Sample summaries"), *articles, _underlined())


def _when(step: int, report: Report) -> str:
    if step:
        return f"Step {step:,}"
    return "Base" if report.trains else "This prompt"
