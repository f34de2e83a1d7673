"""Compares runs with the same protocol by conversation: summaries, scores and gains of their adapters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from engine.config.recipe import Recipe
from engine.config.recipe_diff import differences
from engine.messages import joined, say
from engine.runs import example_scores, run_store
from engine.runs.example_scores import ExampleScores
from engine.runs.run_summaries import RunEntry, read_entry
from engine.scoring.comparison import SCORE, disagreement
from engine.scoring.metrics import CHRF
from engine.system.csv_file import Cell

# Why a different value of a protocol's key rules out a comparison.
DIFFERENT = {
    "split": "another split",
    "examples": "other conversations",
    "data": "other conversations",
    "prompt": "another prompt",
    "shots": "another number of examples in the prompt",
    "max_conversation_tokens": "another conversation limit",
    "beams": "other decoding",
    "max_new_tokens": "another summary limit",
    "metric": "another version of ROUGE",
    "references": "another number of references",
}
GAIN_OF = "gain:"
# Of each run, in a table of several.
COLUMNS = (
    "base summary",
    "summary",
    say("base {}", SCORE),
    SCORE,
    "gain",
    say("base {}", CHRF.name),
    CHRF.name,
)


@dataclass(frozen=True)
class Scored:
    """The scores of a run, or of another system's summaries from a file; `label` is unique among what is compared.

    `origin` is the run's id or the folder of the summaries, `adapter` the id of the run's adapter or "". A run that
    `trains` nothing compares prompts.
    """

    origin: str
    label: str
    adapter: str
    scores: ExampleScores
    name: str = ""
    trains: bool = True


@dataclass(frozen=True)
class Candidate:
    """What may be compared; `why_not` is why it can't, "" if it can.

    `origin` is that of `Scored`, "" for an adapter of which no summaries were kept. `mean` and `gain` are of ROUGE-1;
    `chrf` is the mean chrF, None without it.
    """

    origin: str
    name: str
    label: str
    adapter: str
    mean: float
    gain: float
    why_not: str
    chrf: float | None = None


@dataclass(frozen=True)
class Side:
    """The summaries of one run and of its base model for a conversation, with their scores (fractions).

    `chrf` is that of the base model and of the run, None for runs without it.
    """

    summary: str
    score: float
    base: str
    base_score: float
    chrf: tuple[float, float] | None = None

    @property
    def gain(self) -> float:
        """The gain over its base model."""
        return self.score - self.base_score

    @property
    def chrf_gain(self) -> float | None:
        """The gain in chrF, None for runs without it."""
        return None if self.chrf is None else self.chrf[1] - self.chrf[0]


@dataclass(frozen=True)
class Compared:
    """One conversation with the summaries of at least one run.

    `disagreement` is the fraction of words in which summaries differ: those of base and tuned model of a single run,
    else those of the two adapters that differ most. `conversation` and `references` are empty if no run stored them.
    """

    index: int
    id: str
    conversation: str
    references: tuple[str, ...]
    sides: tuple[Side, ...]
    disagreement: float

    @property
    def base(self) -> str:
        """The summary of the first run's base model."""
        return self.sides[0].base

    @property
    def base_score(self) -> float:
        return self.sides[0].base_score

    @property
    def gain(self) -> float:
        """The mean gain of the runs."""
        return sum(side.gain for side in self.sides) / len(self.sides)


def label_of(recipe: Recipe) -> str:
    """Return the method with its main option: "LoRA, r 32"."""
    method = recipe.method.method
    return ", ".join(part for part in (method.title, method.short(recipe.method.options)) if part)


def newest() -> str:
    """Return the id of the newest run with scores per conversation, "" without one."""
    return next((job.id for job in run_store.list_jobs() if example_scores.exists(job.folder)), "")


def is_external(origin: str) -> bool:
    """Return whether it is the folder of another system's summaries, not a run."""
    return Path(origin).is_absolute() and not (Path(origin) / "job.json").exists()


def read(origin: str, label: str = "") -> Scored | None:
    """Return the scores of an origin, None if there are none to read. Raises WorkerError for a run that is missing."""
    if is_external(origin):
        folder = Path(origin)
        found = example_scores.load(folder)
        name = label or folder.name
        return Scored(origin, name, "", found, name) if found is not None else None
    entry = read_entry(run_store.find_job(origin))
    found = example_scores.load(entry.job.folder)
    if found is None or entry.recipe is None:
        return None
    label = label or label_of(entry.recipe)
    trains = entry.recipe.method.method.trains
    return Scored(entry.job.id, label, entry.adapter_id, found, entry.recipe.name, trains)


def candidates(first: Scored) -> list[Candidate]:
    """Return the other runs with scores by conversation, newest first, each with a unique label.

    Runs with another protocol come last, with the reason why they can't be compared.
    """
    jobs = (
        job for job in run_store.list_jobs() if job.id != first.origin and example_scores.exists(job.folder)
    )
    candidates = [each for job in jobs for each in _candidate(read_entry(job), first.scores.protocol)]
    return sorted(_numbered(candidates, first.label), key=lambda each: bool(each.why_not))


def _candidate(entry: RunEntry, protocol: dict[str, Any]) -> Iterator[Candidate]:
    if entry.scored is not None and entry.recipe is not None:
        yield Candidate(
            entry.job.id,
            entry.name,
            label_of(entry.recipe),
            entry.adapter_id,
            float(entry.scored["scores"][SCORE]["mean"]),
            float(entry.scored["difference"][SCORE]["mean"]),
            why_not_comparable(protocol, entry.scored["protocol"]),
            ((entry.scored.get("measures") or {}).get(CHRF.name) or {}).get("mean"),
        )


def _numbered(candidates: Sequence[Candidate], taken: str) -> list[Candidate]:
    """Number the labels of several runs, the oldest first; the run whose label is `taken` is the first."""
    counts = {taken: 1}
    numbered = []
    for each in reversed(candidates):
        counts[each.label] = counts.get(each.label, 0) + 1
        number = counts[each.label]
        numbered.append(replace(each, label=f"{each.label} ({number})") if number > 1 else each)
    return numbered[::-1]


def why_not_comparable(protocol: dict[str, Any], other: dict[str, Any]) -> str:
    """Return why scores of two protocols can't be compared: "Scored with other decoding.", "" if they can."""
    keys = [each.key.partition(".")[0] for each in differences((protocol, other))]
    reasons = list(dict.fromkeys(DIFFERENT.get(key, key) for key in keys))
    return say("Scored with {}.", joined(" and ", reasons)) if reasons else ""


def compared(shown: Sequence[Scored]) -> list[Compared]:
    """Return the conversations in the order of scoring; none if a score is missing or the conversations differ."""
    first = shown[0].scores
    for each in shown:
        has_scores = SCORE in each.scores.base.rouge and SCORE in each.scores.tuned.rouge
        if each.scores.examples != first.examples or not has_scores:
            return []
    texts = next((each.scores.texts for each in shown if each.scores.texts), ())
    rows = []
    for index, example in enumerate(first.examples):
        sides = tuple(_side(each.scores, index) for each in shown)
        read = (texts[index].conversation, texts[index].references) if texts else ("", ())
        rows.append(Compared(index, example, *read, sides, _disagreement(sides)))
    return rows


def _side(scores: ExampleScores, index: int) -> Side:
    base, tuned = scores.base, scores.tuned
    before, after = (
        written.metrics[CHRF.name][index] if CHRF.name in written.metrics else None
        for written in (base, tuned)
    )
    return Side(
        tuned.summaries[index],
        tuned.rouge[SCORE][index],
        base.summaries[index],
        base.rouge[SCORE][index],
        None if before is None or after is None else (before, after),
    )


def _disagreement(sides: Sequence[Side]) -> float:
    if len(sides) == 1:
        return disagreement(sides[0].base, sides[0].summary)
    return max(disagreement(one.summary, other.summary) for one, other in combinations(sides, 2))


def other_bases(shown: Sequence[Scored]) -> list[str]:
    """Return the labels of the runs whose base summaries differ from those of the first run."""
    first = shown[0].scores.base.summaries
    return [each.label for each in shown[1:] if each.scores.base.summaries != first]


_KEYS: dict[str, Callable[[Compared], float]] = {
    "given": lambda row: row.index,
    "gain": lambda row: -row.gain,
    "loss": lambda row: row.gain,
    "disagreement": lambda row: -row.disagreement,
}


def ordered(rows: Sequence[Compared], order: str) -> list[Compared]:
    """Return the rows in an order: "given", "gain", "loss", "disagreement", or "gain:1" for the gain of one run.

    Ties keep the order of scoring.
    """
    key = _KEYS.get(order) or (lambda row: -row.sides[int(order.removeprefix(GAIN_OF))].gain)
    return sorted(rows, key=lambda row: (key(row), row.index))


def table(shown: Sequence[Scored], rows: Sequence[Compared]) -> tuple[list[str], list[list[Cell]]]:
    """Return head and rows of a table with a row for each conversation, scores as fractions."""
    head = ["conversation", "text", "reference"]
    for each in shown:
        head += [f"{each.label}: {what}" for what in COLUMNS]
    lines: list[list[Cell]] = []
    for row in rows:
        line: list[Cell] = [row.id, row.conversation, "\n".join(row.references)]
        for side in row.sides:
            chrf = side.chrf or ("", "")
            line += [side.base, side.summary, side.base_score, side.score, side.gain, *chrf]
        lines.append(line)
    return head, lines
