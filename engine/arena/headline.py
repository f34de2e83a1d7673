"""What an arena says first: which entry scores highest, and how the entries compare with base and full fine-tuning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from engine.arena.results import verdict_of
from engine.arena.rows import SCORE, Group, Row
from engine.messages import joined, say
from engine.scoring import score_text
from engine.system.validators import Verdict

VERDICTS: tuple[Verdict, ...] = ("better", "no measurable difference", "worse", "too few to tell")


@dataclass(frozen=True)
class Headline:
    """A title and sentences; `verdict` is the first entry's against the base model, None if no entry is better."""

    title: str
    text: str
    verdict: Verdict | None


def headline(group: Group) -> Headline:
    """Return the headline of an arena's first table."""
    rows, first = group.rows, group.rows[0]
    verdicts = [verdict_of(row.against_base) for row in rows]
    any_better = "better" in verdicts
    best = _best(group)
    means = [row.base[SCORE]["mean"] for row in rows]
    base = list(dict.fromkeys(map(score_text.score, (min(means), max(means)))))
    scores = say("ROUGE-1 {}", score_text.interval(first.scores[SCORE]))
    if first.seeds_text:
        scores = say("{} over {}", scores, first.seeds_text)
    scores = say("{}, the base model {}.", scores, say("{} to {}", *base) if len(base) > 1 else base[0])
    texts = (
        scores if any_better else say("{}: {}", best, scores),
        _counts("Against the base model", verdicts),
        _counts(
            "Against full fine-tuning", [verdict_of(row.against_full) for row in rows if row.against_full]
        ),
        _smallest(rows),
    )
    title = best if any_better else "No entry is measurably better than the base model"
    return Headline(title, joined(" ", texts), verdicts[0] if any_better else None)


def _best(group: Group) -> str:
    """Return which entry scores highest: one whose lead over the second is measured, else those that may share it."""
    rows = group.rows
    tied = [row for row in rows if row.mean == rows[0].mean]
    if len(rows) == 1:
        return say("{} is the only entry scored", rows[0].name)
    if len(tied) == len(rows):
        return say("{} score alike", _names(tied))
    if len(tied) > 1:
        return say("{} score alike, above all others", _names(tied))
    if group.lead is not None and group.lead["verdict"] != "better":
        return say("{} score highest, with no measurable difference", _names(rows[:2]))
    return say("{} scores highest", rows[0].name)


def _names(rows: Iterable[Row]) -> str:
    return reduce(lambda one, other: say("{} and {}", one, other), (row.name for row in rows))


def _counts(against: str, verdicts: Sequence[Verdict]) -> str:
    """Return how many entries have each verdict: "Against the base model: 7 better, 1 worse."."""
    counts = joined(", ", [say("{} {}", verdicts.count(each), each) for each in VERDICTS if each in verdicts])
    return say("{}: {}.", against, counts) if verdicts else ""


def _smallest(rows: Sequence[Row]) -> str:
    """Return the smallest adapter that is not worse than full fine-tuning, "" without an interval.

    The parameters of another system are unknown.
    """
    equal = [
        (row.cost("parameters") or 0.0, row.name)
        for row in rows
        if row.status.external is None
        and row.against_full
        and "low" in row.against_full[SCORE]
        and verdict_of(row.against_full) != "worse"
    ]
    if not equal:
        return ""
    count, name = min(equal)
    return say("Smallest adapter not measurably worse: {}, {:,}.", name, round(count))
