"""Draws the pairs that a voter is asked: which conversation, which two systems, and which of them is at the left.

Every pair of systems is met about equally often, each on conversations in an order of its own. All of it follows from
the seed of the comparison and the voter's name. Knows nothing of votes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice

from engine.voting.comparisons import Comparison


@dataclass(frozen=True)
class Question:
    """A pair of summaries; `left` and `right` are indices of systems.

    `identical`: both wrote the same, which is a tie that nobody is asked about.
    """

    conversation: int
    left: int
    right: int
    identical: bool = False


class Plan:
    """The questions of one voter, drawn as far as they are needed."""

    def __init__(self, comparison: Comparison, voter: str) -> None:
        self._comparison = comparison
        self._draw = random.Random(f"{comparison.info.seed} {voter}")
        self._drawn: list[Question] = []
        self._more = self._questions()

    @property
    def total(self) -> int:
        """The number of pairs that can be asked."""
        return countable(self._comparison)

    def __iter__(self) -> Iterator[Question]:
        """Yield all questions in order, identical summaries among them."""
        index = 0
        while True:
            if index == len(self._drawn):
                self._drawn.extend(islice(self._more, 1))
            if index == len(self._drawn):
                return
            yield self._drawn[index]
            index += 1

    def _questions(self) -> Iterator[Question]:
        """Yield every conversation of every pair of systems once, a round of all pairs after the other."""
        pairs = list(combinations(range(len(self._comparison.systems)), 2))
        conversations = range(len(self._comparison.conversations))
        orders = {pair: self._draw.sample(conversations, len(conversations)) for pair in pairs}
        for turn in conversations:
            for pair in self._draw.sample(pairs, len(pairs)):
                conversation = orders[pair][turn]
                if self._comparison.are_identical(conversation, *pair):
                    yield Question(conversation, *pair, identical=True)
                else:
                    left, right = self._draw.sample(pair, 2)
                    yield Question(conversation, left, right)


def countable(comparison: Comparison) -> int:
    """Return the number of pairs that a voter can be asked."""
    pairs = list(combinations(range(len(comparison.systems)), 2))
    return sum(
        not comparison.are_identical(index, *pair)
        for index in range(len(comparison.conversations))
        for pair in pairs
    )
