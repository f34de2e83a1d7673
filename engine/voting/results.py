"""The results of a blind comparison: the strengths of its systems, and which of them can be told apart.

Pairs with identical summaries count as ties, as far as a voter came. Knows nothing of how results look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from engine.voting.comparisons import Comparison
from engine.voting.outcomes import Outcome, Probability, Tally
from engine.voting.pairing import Plan
from engine.voting.votes import Vote, Votes

# With fewer votes on a system, nothing is said of it.
MIN_VOTES = 10

PairVerdict = Literal["first", "second", "not_told_apart", "too_few"]
TURNED: dict[PairVerdict, PairVerdict] = {"first": "second", "second": "first"}


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
    outcomes = [*map(_outcome, counted), *identical]
    count = len(comparison.systems)
    found = strengths(outcomes, count)
    tallies = _tallies(outcomes)
    systems = [
        SystemResult(index, found.against_others(index), _of_system(tallies, index)) for index in range(count)
    ]
    totals = {each.system: each.tally.total for each in systems}
    pairs = [
        _pair(
            first,
            second,
            found.preferred(first, second),
            _of_pair(tallies, first, second),
            min(totals[first], totals[second]),
        )
        for first, second in combinations(range(count), 2)
    ]
    return Results(
        systems=tuple(sorted(systems, key=lambda each: -each.preferred.mean)),
        pairs=tuple(pairs),
        votes=len(counted),
        identical=len(identical),
        voters=dict(Counter(vote.voter for vote in counted)),
    )


def _outcome(vote: Vote) -> Outcome:
    score = {"left": 1.0, "tie": 0.5, "right": 0.0}[vote.choice]
    return Outcome(vote.conversation, vote.left, vote.right, score)


def _identical(comparison: Comparison, votes: Votes) -> Iterator[Outcome]:
    """Yield the identical pairs that voters passed on the way to their last vote."""
    for voter in votes.voters:
        waiting = {vote.key for vote in votes.of(voter)}
        for question in Plan(comparison, voter):
            if not waiting:
                break
            if question.identical:
                yield Outcome(question.conversation, question.left, question.right, 0.5)
            waiting.discard((voter, question.conversation, frozenset((question.left, question.right))))


# Votes on pairs

Tallies = dict[tuple[int, int], list[float]]


def _tallies(outcomes: list[Outcome]) -> Tallies:
    """Return the scores of the first system of each pair, whose first index is the smaller one."""
    found: Tallies = {}
    for each in outcomes:
        swapped = each.first > each.second
        pair = (each.second, each.first) if swapped else (each.first, each.second)
        found.setdefault(pair, []).append(1.0 - each.score if swapped else each.score)
    return found


def _of_pair(tallies: Tallies, first: int, second: int) -> Tally:
    scores = tallies.get((first, second), [])
    return Tally(*(scores.count(score) for score in (1.0, 0.5, 0.0)))


def _of_system(tallies: Tallies, system: int) -> Tally:
    scores = [
        score if pair[0] == system else 1.0 - score
        for pair, found in tallies.items()
        if system in pair
        for score in found
    ]
    return Tally(*(scores.count(score) for score in (1.0, 0.5, 0.0)))


def _pair(first: int, second: int, preferred: Probability, tally: Tally, votes: int) -> PairResult:
    """Return a pair; `votes` is the number of votes of its system with fewer ones, against all others."""
    verdict: PairVerdict = "not_told_apart"
    if votes < MIN_VOTES:
        verdict = "too_few"
    elif preferred.low > 0.5:
        verdict = "first"
    elif preferred.high < 0.5:
        verdict = "second"
    return PairResult(first, second, preferred, tally, verdict)
