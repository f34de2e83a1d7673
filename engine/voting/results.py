"""The results of a blind comparison: strengths, pairs, agreement, and how many more votes would help.

Pairs with identical summaries count as ties, as far as a voter came. Repeated pairs count for agreement alone. Knows
nothing of how results look.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import Literal

from engine.voting.comparisons import Comparison
from engine.voting.outcomes import Outcome, Probability, Tally
from engine.voting.pairing import Plan
from engine.voting.votes import Vote, Votes

# With fewer votes on a system, nothing is said of it.
MIN_VOTES = 10
# Two-sided error and power of the sign test that says how many votes are needed.
ERROR, POWER = 0.05, 0.8
# Who needs more votes than this to be told apart may as well be alike.
MAX_MORE = 1_000

PairVerdict = Literal["first", "second", "not_told_apart", "too_few"]
Needed = Literal["told_apart", "votes", "may_be_alike", "too_few"]
TURNED: dict[PairVerdict, PairVerdict] = {"first": "second", "second": "first"}


@dataclass(frozen=True)
class MoreVotes:
    """Whether more votes would tell two systems apart, and how many."""

    needed: Needed
    count: int = 0


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
    more: MoreVotes

    def turned(self) -> PairResult:
        """Return the same with the second system first."""
        verdict = TURNED.get(self.verdict, self.verdict)
        preferred, tally = self.preferred.turned(), self.tally.turned()
        return PairResult(self.second, self.first, preferred, tally, verdict, self.more)


@dataclass(frozen=True)
class Agreement:
    """How many of the pairs that were judged twice were judged alike."""

    alike: int
    total: int


@dataclass(frozen=True)
class Results:
    """Systems by strength, all pairs of them, and how far the votes can be relied on.

    `votes` counts new pairs, `identical` ties that nobody was asked about. `with_self` is the agreement of voters with
    themselves, `with_others` that among voters; `left` is how often the left one was preferred in `decided` votes.
    """

    systems: tuple[SystemResult, ...]
    pairs: tuple[PairResult, ...]
    votes: int
    identical: int
    voters: dict[str, int]
    with_self: Agreement
    with_others: Agreement
    left: int
    decided: int


def results(comparison: Comparison, votes: Votes) -> Results | None:
    """Return the results of votes, None without one."""
    if not votes.votes:
        return None
    # Imports numpy, which a window needs only once there are votes.
    from engine.voting.bradley_terry import strengths

    all_votes = list(votes.votes.values())
    counted = [vote for vote in all_votes if not vote.repeated]
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
    decided = [vote for vote in all_votes if vote.choice != "tie"]
    return Results(
        systems=tuple(sorted(systems, key=lambda each: -each.preferred.mean)),
        pairs=tuple(pairs),
        votes=len(counted),
        identical=len(identical),
        voters=dict(Counter(vote.voter for vote in counted)),
        with_self=_with_self(all_votes),
        with_others=_with_others(counted),
        left=sum(vote.choice == "left" for vote in decided),
        decided=len(decided),
    )


def _outcome(vote: Vote) -> Outcome:
    score = {"left": 1.0, "tie": 0.5, "right": 0.0}[vote.choice]
    return Outcome(vote.conversation, vote.left, vote.right, score)


def _identical(comparison: Comparison, votes: Votes) -> Iterator[Outcome]:
    """Yield the identical pairs that voters passed on the way to their last vote."""
    for voter in votes.voters:
        waiting = {vote.key[1:] for vote in votes.of(voter)}
        for question in Plan(comparison, voter):
            if not waiting:
                break
            if question.identical:
                yield Outcome(question.conversation, question.left, question.right, 0.5)
            waiting.discard((question.conversation, question.left, question.right))


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
    verdict = _verdict(preferred, votes)
    more = MoreVotes("told_apart") if verdict in ("first", "second") else more_votes(tally)
    return PairResult(first, second, preferred, tally, verdict, more)


def _verdict(preferred: Probability, votes: int) -> PairVerdict:
    if votes < MIN_VOTES:
        return "too_few"
    if preferred.low > 0.5:
        return "first"
    return "second" if preferred.high < 0.5 else "not_told_apart"


def more_votes(tally: Tally) -> MoreVotes:
    """Return how many more votes on a pair would tell its systems apart, if the voting goes on as so far.

    That is the number at which a sign test of the decided votes finds the difference 4 times in 5.
    """
    if tally.total < MIN_VOTES:
        return MoreVotes("too_few", MIN_VOTES - tally.total)
    decided = tally.wins + tally.losses
    # Half a vote for each side, so that a pair without a loss is no certainty.
    share = (max(tally.wins, tally.losses) + 0.5) / (decided + 1.0)
    needed = decided_needed(share)
    if math.isinf(needed) or not decided:
        return MoreVotes("may_be_alike")
    more = max(1, math.ceil(needed * tally.total / decided) - tally.total)
    return MoreVotes("votes", more) if more <= MAX_MORE else MoreVotes("may_be_alike")


def decided_needed(share: float) -> float:
    """Return the number of decided votes at which a sign test finds a true share; infinite for one half."""
    if share <= 0.5:
        return math.inf
    normal = NormalDist()
    spread = normal.inv_cdf(1.0 - ERROR / 2.0) * 0.5 + normal.inv_cdf(POWER) * math.sqrt(
        share * (1.0 - share)
    )
    return (spread / (share - 0.5)) ** 2


# Agreement


def _with_self(votes: list[Vote]) -> Agreement:
    """Compare each repeated pair with its first answer, whose sides were swapped."""
    first = {vote.key: vote for vote in votes if not vote.repeated}
    again = [
        (first[earlier], vote)
        for vote in votes
        if vote.repeated and (earlier := (vote.voter, vote.conversation, vote.right, vote.left)) in first
    ]
    return Agreement(sum(one.preferred == other.preferred for one, other in again), len(again))


def _with_others(votes: list[Vote]) -> Agreement:
    """Compare the answers of different voters to the same pairs, two voters at a time."""
    asked: dict[tuple[int, frozenset[int]], list[Vote]] = {}
    for vote in votes:
        asked.setdefault((vote.conversation, frozenset((vote.left, vote.right))), []).append(vote)
    both = [
        pair for each in asked.values() for pair in combinations(each, 2) if pair[0].voter != pair[1].voter
    ]
    return Agreement(sum(one.preferred == other.preferred for one, other in both), len(both))
