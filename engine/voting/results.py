"""What votes give: results of systems, those beside the scores of runs, and preference pairs for training.

Pairs with identical summaries count as ties, as far as a voter came. Knows nothing of how results look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Literal

from engine.config.prompts import DEFAULT_PROMPT, rendered
from engine.errors import AppError, DataError
from engine.jobs.events import encode
from engine.system.files import write_export
from engine.voting.comparisons import Comparison, ComparisonInfo, System, find, list_comparisons, load
from engine.voting.votes import Outcome, Plan, Probability, Question, Votes, read_votes

# With fewer votes on a system, there is no verdict.
MIN_VOTES = 10

PairVerdict = Literal["first", "second", "not_told_apart", "too_few"]
TURNED: dict[PairVerdict, PairVerdict] = {"first": "second", "second": "first"}


@dataclass(frozen=True)
class Tally:
    """How often a system was preferred, how often neither was, and how often the other one."""

    wins: int
    ties: int
    losses: int

    def turned(self) -> Tally:
        """Return the counts of the other system."""
        return Tally(self.losses, self.ties, self.wins)

    @property
    def total(self) -> int:
        """All votes."""
        return self.wins + self.ties + self.losses


@dataclass(frozen=True)
class SystemResult:
    """A system: the probability to be preferred to another one, on average over the others, and its votes."""

    system: int
    preferred: Probability
    tally: Tally


@dataclass(frozen=True)
class PairResult:
    """Two systems: the probability that the first is preferred, and the votes on this pair."""

    first: int
    second: int
    preferred: Probability
    tally: Tally
    verdict: PairVerdict

    def turned(self) -> PairResult:
        """Return the same with the second system first."""
        verdict = TURNED.get(self.verdict, self.verdict)
        preferred, tally = self.preferred.turned(), self.tally.turned()
        return PairResult(self.second, self.first, preferred, tally, verdict)


@dataclass(frozen=True)
class Results:
    """Systems by strength, and all pairs of them; `identical` counts ties that nobody was asked about."""

    systems: tuple[SystemResult, ...]
    pairs: tuple[PairResult, ...]
    votes: int
    identical: int
    voters: dict[str, int]


def results(comparison: Comparison, votes: Votes) -> Results | None:
    """Return the results of votes, None without one."""
    if not votes.votes:
        return None
    # Imports numpy, which a window needs only once there are votes.
    from engine.voting.bradley_terry import strengths

    counted = list(votes.votes.values())
    identical = list(_identical(comparison, votes))
    scores = {"left": 1.0, "tie": 0.5, "right": 0.0}
    outcomes = [Outcome(each.conversation, each.left, each.right, scores[each.choice]) for each in counted]
    outcomes += [Outcome(each.conversation, each.left, each.right, 0.5) for each in identical]
    count = len(comparison.systems)
    found = strengths(outcomes, count)
    by_pair = _scores_by_pair(outcomes)
    systems = [
        SystemResult(index, found.against_others(index), _of_system(by_pair, index)) for index in range(count)
    ]
    totals = {each.system: each.tally.total for each in systems}
    pairs = []
    for first, second in combinations(range(count), 2):
        preferred = found.preferred(first, second)
        verdict: PairVerdict = "not_told_apart"
        if min(totals[first], totals[second]) < MIN_VOTES:
            verdict = "too_few"
        elif preferred.low > 0.5:
            verdict = "first"
        elif preferred.high < 0.5:
            verdict = "second"
        tally = _tally(by_pair.get((first, second), []))
        pairs.append(PairResult(first, second, preferred, tally, verdict))
    return Results(
        systems=tuple(sorted(systems, key=lambda each: -each.preferred.mean)),
        pairs=tuple(pairs),
        votes=len(counted),
        identical=len(identical),
        voters=dict(Counter(vote.voter for vote in counted)),
    )


def _identical(comparison: Comparison, votes: Votes) -> Iterator[Question]:
    """Yield the identical pairs that voters passed on the way to their last vote."""
    for voter in votes.voters:
        waiting = {vote.key for vote in votes.of(voter)}
        for question in Plan(comparison, voter):
            if not waiting:
                break
            if question.identical:
                yield question
            waiting.discard(question.key(voter))


def _scores_by_pair(outcomes: list[Outcome]) -> dict[tuple[int, int], list[float]]:
    """Return the scores of the first system of each pair, whose first index is the smaller one."""
    found: dict[tuple[int, int], list[float]] = {}
    for each in outcomes:
        swapped = each.first > each.second
        pair = (each.second, each.first) if swapped else (each.first, each.second)
        found.setdefault(pair, []).append(1.0 - each.score if swapped else each.score)
    return found


def _of_system(scores_by_pair: Mapping[tuple[int, int], list[float]], system: int) -> Tally:
    return _tally(
        [
            score if pair[0] == system else 1.0 - score
            for pair, found in scores_by_pair.items()
            if system in pair
            for score in found
        ]
    )


def _tally(scores: list[float]) -> Tally:
    return Tally(*(scores.count(score) for score in (1.0, 0.5, 0.0)))


# Beside the scores of runs


@dataclass(frozen=True)
class Preferred:
    """A system of a comparison, the probability that it is preferred to another one, and its votes."""

    system: System
    preferred: Probability
    tally: Tally

    def as_dict(self) -> dict[str, float]:
        """Return the figures as plain values, for JSON."""
        return asdict(self.preferred) | asdict(self.tally)


@dataclass(frozen=True)
class Preferences:
    """The result of one comparison, by strength; `by_run` has the tuned systems only."""

    info: ComparisonInfo
    results: Results
    systems: tuple[Preferred, ...]

    @property
    def by_run(self) -> dict[str, Preferred]:
        """The adapters, by the ids of their runs."""
        return {each.system.run: each for each in self.systems if each.system.tuned and each.system.run}


def of_runs(run_ids: Collection[str]) -> Preferences | None:
    """Return the result of the comparison with most of these runs, of equal ones the newest; None without one.

    Only comparisons whose names were revealed count, so that nobody sees a result while they vote.
    """
    wanted, best, found = set(run_ids), 0, None
    for info in list_comparisons():
        common = len(wanted & {each.run for each in info.systems if each.tuned})
        if common > best:
            with suppress(OSError):
                facts = info.votes_path.stat()
                preferences = _read(info.id, (facts.st_size, facts.st_mtime_ns))
                if preferences is not None:
                    best, found = common, preferences
    return found


def stamp() -> tuple[tuple[str, int, int], ...]:
    """Return a stamp that changes with any vote."""
    found = []
    for info in list_comparisons():
        with suppress(OSError):
            facts = info.votes_path.stat()
            found.append((info.id, facts.st_size, facts.st_mtime_ns))
    return tuple(found)


@lru_cache(maxsize=32)
def _read(comparison_id: str, _stamp: tuple[int, int]) -> Preferences | None:
    """Return the result of a comparison, cached until its votes change; None before its names are revealed."""
    try:
        comparison = load(find(comparison_id))
        votes = read_votes(comparison.info.votes_path, comparison)
    except AppError:
        return None
    found = results(comparison, votes) if votes.revealed else None
    if found is None:
        return None
    systems = tuple(
        Preferred(comparison.systems[each.system], each.preferred, each.tally) for each in found.systems
    )
    return Preferences(comparison.info, found, systems)


# For training


def _rows(comparison: Comparison, votes: Votes) -> Iterator[dict[str, str]]:
    """Yield a row for each decided pair, in the order of the conversations."""
    wins: Counter[tuple[int, int, int]] = Counter()
    for vote in votes.votes.values():
        if vote.preferred is not None:
            rejected = vote.right if vote.preferred == vote.left else vote.left
            wins[vote.conversation, vote.preferred, rejected] += 1
    for conversation, chosen, rejected in sorted(wins):
        if wins[conversation, chosen, rejected] > wins[conversation, rejected, chosen]:
            texts, systems = comparison.conversations[conversation], comparison.systems
            yield {
                "prompt": _prompt(systems[chosen], systems[rejected], texts.conversation),
                "chosen": texts.summaries[chosen],
                "rejected": texts.summaries[rejected],
            }


def _prompt(chosen: System, rejected: System, conversation: str) -> str:
    """Return the prompt of the chosen system, of the other one if summaries came without a prompt."""
    asked = next((each for each in (chosen, rejected) if each.template), None)
    template, shots = (asked.template, asked.shots) if asked else (DEFAULT_PROMPT, ())
    return "".join(part.text for part in rendered(template, conversation, shots))


def export(comparison: Comparison, votes: Votes, path: Path) -> int:
    """Write votes as JSON lines with `prompt`, `chosen` and `rejected`, and return how many there are.

    Ties make no row; of several votes on a pair the majority counts. Raises DataError without a row, StorageError.
    """
    found = list(_rows(comparison, votes))
    if not found:
        raise DataError("No vote prefers a summary yet.", "Vote on more pairs first.")
    write_export(path, b"".join(map(encode, found)).decode("utf-8"))
    return len(found)
