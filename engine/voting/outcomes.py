"""Outcomes of pairs, counts of them, and probabilities with their intervals, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """The outcome of a pair on a conversation: `score` is 1.0 if the first is preferred, 0.5 for a tie, else 0.0."""

    conversation: int
    first: int
    second: int
    score: float


@dataclass(frozen=True)
class Probability:
    """A probability with its 95 % interval."""

    mean: float
    low: float
    high: float

    def turned(self) -> Probability:
        """Return the probability of the opposite."""
        return Probability(1.0 - self.mean, 1.0 - self.high, 1.0 - self.low)


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
