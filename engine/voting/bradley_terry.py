"""Bradley–Terry strengths of systems from paired votes, with intervals; a tie counts as half a win for both.

The strengths maximise the likelihood P(i is preferred to j) = p_i / (p_i + p_j) (Bradley and Terry 1952), found by
minorisation–maximisation (Hunter 2004). Each system has one vote's worth of prior against the others, so that a system
that wins all its pairs has a finite strength. Intervals are those of a Bayesian bootstrap (Rubin 1981) over
conversations: their votes get random weights together, and so does the prior. For two systems without ties that is
Jeffreys' interval of a proportion. Knows nothing of names and texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.voting.votes import Outcome, Probability

LEVEL = 0.95
DRAWS = 2_000
SEED = 19_520_601
MAX_ROUNDS = 500
TOLERANCE = 1e-6
# Of a drawn prior that is no more than rounding.
SMALLEST = 1e-300
# Draws are fitted in blocks of at most this many values, so that memory stays small.
BLOCK = 1 << 21

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Strengths:
    """Fitted log strengths of all systems, and `draws` of them (draws × systems) for intervals."""

    fitted: Floats
    draws: Floats

    def preferred(self, first: int, second: int) -> Probability:
        """Return the probability that one system is preferred to another."""
        return self._spread(lambda strengths: _sigmoid(strengths[..., first] - strengths[..., second]))

    def against_others(self, system: int) -> Probability:
        """Return the probability that a system is preferred to another one, on average over the others."""
        others = [index for index in range(self.fitted.size) if index != system]
        return self._spread(
            lambda strengths: _sigmoid(strengths[..., [system]] - strengths[..., others]).mean(-1)
        )

    def _spread(self, of: Callable[[Floats], Floats]) -> Probability:
        tail = (1.0 - LEVEL) / 2.0
        low, high = np.quantile(of(self.draws), [tail, 1.0 - tail])
        return Probability(float(of(self.fitted)), float(low), float(high))


def strengths(outcomes: Sequence[Outcome], systems: int, draws: int = DRAWS, seed: int = SEED) -> Strengths:
    """Return the strengths of systems from outcomes; equal seeds give equal intervals."""
    wins = _wins_by_conversation(outcomes, systems)
    prior = 0.5 / (systems - 1) * (1.0 - np.eye(systems))
    fitted = fit(wins.sum(axis=0)[None] + prior)[0]
    random = np.random.default_rng(seed)
    rows = max(1, BLOCK // max(1, wins[0].size + len(wins)))
    blocks = []
    for start in range(0, draws, rows):
        count = min(rows, draws - start)
        weights = random.standard_exponential((count, len(wins)))
        drawn = (weights @ wins.reshape(len(wins), -1)).reshape(count, systems, systems)
        blocks.append(fit(drawn + random.standard_gamma(np.broadcast_to(prior, drawn.shape))))
    return Strengths(fitted, np.concatenate(blocks))


def _wins_by_conversation(outcomes: Sequence[Outcome], systems: int) -> Floats:
    """Return how often each system was preferred to each other (conversations × systems × systems)."""
    numbers = {each: index for index, each in enumerate(sorted({each.conversation for each in outcomes}))}
    wins = np.zeros((max(1, len(numbers)), systems, systems))
    for each in outcomes:
        conversation = numbers[each.conversation]
        wins[conversation, each.first, each.second] += each.score
        wins[conversation, each.second, each.first] += 1.0 - each.score
    return wins


def fit(wins: Floats) -> Floats:
    """Return the log strengths that maximise the likelihood of wins (… × systems × systems), each with mean 0."""
    won = wins.sum(axis=-1)
    met = wins + np.swapaxes(wins, -1, -2)
    logs: Floats = np.zeros(won.shape)
    for _ in range(MAX_ROUNDS):
        strength = np.exp(logs)
        expected = (met / (strength[..., :, None] + strength[..., None, :])).sum(axis=-1)
        new: Floats = np.log(np.maximum(won, SMALLEST)) - np.log(expected)
        new -= new.mean(axis=-1, keepdims=True)
        change = float(np.abs(new - logs).max(initial=0.0))
        logs = new
        if change < TOLERANCE:
            break
    return logs


def _sigmoid(value: Floats) -> Floats:
    odds: Floats = np.exp(-value)
    return 1.0 / (1.0 + odds)
