"""Runs beside one another, conversation by conversation: what each adapter wrote, scored and gained.

Runs stand together only where their scores are of one protocol; why others can't is said in words. Knows nothing of how
a table looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from engine.config.recipe import Recipe
from engine.config.recipe_diff import differences
from engine.jobs.job import Job
from engine.runs import example_scores, run_store
from engine.runs.example_scores import ExampleScores
from engine.runs.run_summaries import RunEntry, read_entry
from engine.scoring.comparison import SCORE, disagreement
from engine.system.csv_file import Cell

# What another value of a protocol's key means, beside the scores that are shown.
UNLIKE = {
    "split": "another split",
    "examples": "other conversations",
    "data": "other conversations",
    "prompt": "another prompt",
    "shots": "another number of examples in the prompt",
    "max_conversation_tokens": "another longest conversation",
    "beams": "other decoding",
    "max_new_tokens": "another longest summary",
    "metric": "another version of ROUGE",
    "references": "another number of references",
}
GAIN_OF = "gain:"


@dataclass(frozen=True)
class Scored:
    """A run that is scored: its `label` tells it from the others beside it, `adapter` is its adapter's id or ""."""

    job: Job
    label: str
    adapter: str
    scores: ExampleScores


@dataclass(frozen=True)
class Candidate:
    """A run that could be shown beside others; `why_not` says why it can't, "" if it can."""

    job: Job
    name: str
    label: str
    adapter: str
    mean: float
    gain: float
    why_not: str


@dataclass(frozen=True)
class Side:
    """What one run has of a conversation: both summaries and both scores (fractions), its own base's beside its own."""

    summary: str
    score: float
    base: str
    base_score: float

    @property
    def gain(self) -> float:
        """What it scores above its base."""
        return self.score - self.base_score


@dataclass(frozen=True)
class Compared:
    """One conversation: its texts, and what each run has of it, one at least.

    `disagreement` is the share of words in which the summaries differ, 0 for equal ones, whatever they score: those of
    base and tuned model of a single run, else those of the two adapters that differ most. `conversation` is "" and
    `references` are none where no run kept them.
    """

    place: int
    id: str
    conversation: str
    references: tuple[str, ...]
    sides: tuple[Side, ...]
    disagreement: float

    @property
    def base(self) -> str:
        """What the first run's base model wrote."""
        return self.sides[0].base

    @property
    def base_score(self) -> float:
        """What that scores."""
        return self.sides[0].base_score

    @property
    def gain(self) -> float:
        """What the runs gained, in the mean."""
        return sum(side.gain for side in self.sides) / len(self.sides)


def label_of(recipe: Recipe) -> str:
    """Return method and main setting, as one says them: "LoRA, r 32"."""
    method = recipe.method.method
    return ", ".join(part for part in (method.title, method.short(recipe.method.options)) if part)


def candidates(first: Scored) -> list[Candidate]:
    """Return the runs that keep scores of single conversations and could stand beside the first, newest first.

    Those of another protocol stand last, with the reason. No two labels are the same.
    """
    jobs = (
        job for job in run_store.list_jobs() if job.id != first.job.id and example_scores.is_kept(job.folder)
    )
    found = [each for job in jobs for each in _candidate(read_entry(job), first.scores.protocol)]
    return sorted(_apart(found, first.label), key=lambda each: bool(each.why_not))


def _candidate(entry: RunEntry, protocol: dict[str, Any]) -> Iterator[Candidate]:
    if entry.scored is not None and entry.recipe is not None:
        yield Candidate(
            entry.job,
            entry.name,
            label_of(entry.recipe),
            entry.adapter_id,
            float(entry.scored["scores"][SCORE]["mean"]),
            float(entry.scored["difference"][SCORE]["mean"]),
            why_apart(protocol, entry.scored["protocol"]),
        )


def _apart(found: Sequence[Candidate], taken: str) -> list[Candidate]:
    """Number labels that several runs have, the oldest first; the one that is taken is the first of its name."""
    counts = {taken: 1}
    made = []
    for each in reversed(found):
        counts[each.label] = counts.get(each.label, 0) + 1
        number = counts[each.label]
        made.append(replace(each, label=f"{each.label} ({number})") if number > 1 else each)
    return made[::-1]


def why_apart(protocol: dict[str, Any], other: dict[str, Any]) -> str:
    """Return why scores of two protocols can't stand in one table: "Scored with other decoding", "" if they can."""
    keys = [each.key.partition(".")[0] for each in differences((protocol, other))]
    said = list(dict.fromkeys(UNLIKE.get(key, key) for key in keys))
    return f"Scored with {' and '.join(said)}." if said else ""


def compared(shown: Sequence[Scored]) -> list[Compared]:
    """Return the conversations in the order in which they were scored; none if the score is missing.

    All runs must be of one protocol, and so of the same conversations; of one that is not nothing is shown.
    """
    first = shown[0].scores
    if any(each.scores.examples != first.examples or not _has_scores(each.scores) for each in shown):
        return []
    texts = next((each.scores.texts for each in shown if each.scores.texts), ())
    found = []
    for place, example in enumerate(first.examples):
        sides = tuple(_side(each.scores, place) for each in shown)
        said = (texts[place].conversation, texts[place].references) if texts else ("", ())
        found.append(Compared(place, example, *said, sides, _disagreement(sides)))
    return found


def _has_scores(scores: ExampleScores) -> bool:
    return SCORE in scores.base.rouge and SCORE in scores.tuned.rouge


def _side(scores: ExampleScores, place: int) -> Side:
    base, tuned = scores.base, scores.tuned
    return Side(
        tuned.summaries[place], tuned.rouge[SCORE][place], base.summaries[place], base.rouge[SCORE][place]
    )


def _disagreement(sides: Sequence[Side]) -> float:
    if len(sides) == 1:
        return disagreement(sides[0].base, sides[0].summary)
    return max(disagreement(one.summary, other.summary) for one, other in combinations(sides, 2))


def other_bases(shown: Sequence[Scored]) -> list[str]:
    """Return the labels of the runs whose base model wrote otherwise than the first run's."""
    first = shown[0].scores.base.summaries
    return [each.label for each in shown[1:] if each.scores.base.summaries != first]


_KEYS: dict[str, Callable[[Compared], float]] = {
    "given": lambda row: row.place,
    "gain": lambda row: -row.gain,
    "loss": lambda row: row.gain,
    "disagreement": lambda row: -row.disagreement,
}


def ordered(rows: Sequence[Compared], order: str) -> list[Compared]:
    """Return the rows in an order: "given", "gain", "loss", "disagreement", or "gain:1" for what one run gained.

    Where they tie, as they were scored.
    """

    def gain_of(row: Compared) -> float:
        return -row.sides[int(order.removeprefix(GAIN_OF))].gain

    key = _KEYS.get(order) or gain_of
    return sorted(rows, key=lambda row: (key(row), row.place))


def table(shown: Sequence[Scored], rows: Sequence[Compared]) -> tuple[list[str], list[list[Cell]]]:
    """Return head and rows of a table with a line for each conversation, scores as fractions."""
    head = ["conversation", "text", "reference"]
    for each in shown:
        head += [
            f"{each.label}: {what}" for what in ("base summary", "summary", f"base {SCORE}", SCORE, "gain")
        ]
    lines: list[list[Cell]] = []
    for row in rows:
        line: list[Cell] = [row.id, row.conversation, "\n".join(row.references)]
        for side in row.sides:
            line += [side.base, side.summary, side.base_score, side.score, side.gain]
        lines.append(line)
    return head, lines
