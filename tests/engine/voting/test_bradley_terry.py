import math
import random
from itertools import combinations

import numpy as np
import pytest

from engine.voting.bradley_terry import fit, strengths
from engine.voting.votes import Outcome


def sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))


def test_a_published_case_is_reproduced():
    """The American League of 1987, in Agresti, Categorical Data Analysis, table 10.10: strengths against Baltimore."""
    teams = ["Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore"]
    wins = np.array(
        [
            [0, 7, 9, 7, 7, 9, 11], [6, 0, 7, 5, 11, 9, 9], [4, 6, 0, 7, 7, 8, 12], [6, 8, 6, 0, 6, 7, 10],
            [6, 2, 6, 7, 0, 7, 12], [4, 4, 5, 6, 6, 0, 6], [2, 4, 1, 3, 1, 7, 0],
        ],
        dtype=float,
    )  # fmt: skip
    found = fit(wins[None])[0]
    against_last = dict(zip(teams, found - found[-1], strict=True))
    published = {
        "Milwaukee": 1.58, "Detroit": 1.44, "Toronto": 1.29, "New York": 1.25, "Boston": 1.11, "Cleveland": 0.68,
    }  # fmt: skip
    for team, strength in published.items():
        assert against_last[team] == pytest.approx(strength, abs=0.006)


def test_two_systems_without_ties_have_the_interval_of_jeffreys():
    outcomes = [Outcome(index, 0, 1, 1.0 if index < 14 else 0.0) for index in range(20)]
    found = strengths(outcomes, 2, draws=40_000).preferred(0, 1)
    # The 2.5 % and 97.5 % quantiles of the beta distribution with 14.5 and 6.5.
    assert found.low == pytest.approx(0.4812, abs=0.006)
    assert found.high == pytest.approx(0.8628, abs=0.006)
    assert found.mean == pytest.approx(14.5 / 21)


def test_a_system_that_wins_all_its_pairs_has_a_finite_strength_and_an_interval():
    outcomes = [Outcome(index, 0, other, 1.0) for index in range(10) for other in (1, 2)]
    found = strengths(outcomes, 3).against_others(0)
    assert 0.9 < found.mean < 0.99
    assert 0.6 < found.low < found.mean < found.high < 1.0


def test_ties_count_half_and_pull_to_the_middle():
    ties = [Outcome(index, 0, 1, 0.5) for index in range(40)]
    found = strengths(ties, 2).preferred(0, 1)
    assert found.mean == pytest.approx(0.5)
    assert found.high - found.low < 0.1


def covered(truth: list[float], votes: int, runs: int, ties: float = 0.0) -> float:
    """Return how often the interval of a pair holds its true probability, over simulated voters."""
    draw = random.Random(7)
    pairs = list(combinations(range(len(truth)), 2))
    held = []
    for seed in range(runs):
        outcomes = []
        for number, (first, second) in enumerate(pairs * votes):
            preferred = draw.random() < sigmoid(truth[first] - truth[second])
            outcomes.append(Outcome(number, first, second, 0.5 if draw.random() < ties else float(preferred)))
        found = strengths(outcomes, len(truth), draws=600, seed=seed)
        for first, second in pairs:
            true = ties / 2 + (1 - ties) * sigmoid(truth[first] - truth[second])
            held.append(found.preferred(first, second).low <= true <= found.preferred(first, second).high)
    return sum(held) / len(held)


@pytest.mark.parametrize(
    ("truth", "votes", "ties", "runs"),
    [([0.6, 0.0], 60, 0.2, 300), ([1.5, 0.0], 25, 0.0, 300), ([0.8, 0.3, 0.0, -0.5], 20, 0.0, 80)],
)
def test_intervals_hold_the_truth_19_times_in_20(truth, votes, ties, runs):
    assert 0.91 < covered(truth, votes, runs, ties) < 0.98


def test_votes_on_one_conversation_are_not_counted_as_independent():
    """Ten voters who agree on each of 12 conversations say little more than one voter."""
    draw = random.Random(3)
    once = [Outcome(index, 0, 1, float(draw.random() < 0.6)) for index in range(12)]
    often = [each for each in once for _ in range(10)]
    one, ten = (strengths(outcomes, 2).preferred(0, 1) for outcomes in (once, often))
    assert ten.high - ten.low > 0.8 * (one.high - one.low)
