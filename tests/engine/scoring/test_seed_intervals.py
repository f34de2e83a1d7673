import math

import numpy as np
import pytest

from engine.scoring import bootstrap
from engine.scoring.bootstrap import Interval
from engine.scoring.seed_intervals import combined, difference, interval, t_quantiles

TRUTH = 0.5
# The standard deviations of conversations, and of what is left of one summary.
CONVERSATIONS, REST = 0.15, 0.08
ROUNDS, RESAMPLES = 300, 300


def scores(random: np.random.Generator, seeds: int, conversations: int, between: float) -> np.ndarray:
    """Return scores of each seed on the same conversations; `between` is the spread of the seeds."""
    of_conversations = random.normal(0.0, CONVERSATIONS, conversations)
    of_seeds = random.normal(0.0, between, (seeds, 1))
    return TRUTH + of_conversations + of_seeds + random.normal(0.0, REST, (seeds, conversations))


def holds(found: Interval, truth: float) -> bool:
    return found.low <= truth <= found.high


# The noise of the conversations' mean is 0.03 for 30 of them, 0.01 for 200.
@pytest.mark.parametrize(
    ("seeds", "conversations", "between"),
    [(2, 30, 0.0), (2, 200, 0.1), (3, 200, 0.02), (3, 30, 0.1), (5, 30, 0.02), (5, 200, 0.0)],
)
def test_the_truth_lies_in_the_interval_about_19_times_in_20(seeds, conversations, between):
    random = np.random.default_rng([seeds, conversations, round(100 * between)])
    hits = sum(
        holds(interval(scores(random, seeds, conversations, between), RESAMPLES), TRUTH)
        for _ in range(ROUNDS)
    )
    assert 0.93 <= hits / ROUNDS <= 0.997


@pytest.mark.parametrize(("one", "other", "between"), [(2, 2, 0.0), (3, 3, 0.02), (2, 5, 0.1)])
def test_so_does_the_difference_of_two_methods_on_the_same_conversations(one, other, between):
    random = np.random.default_rng([one, other, round(100 * between)])
    hits = 0
    for _ in range(ROUNDS):
        both = scores(random, one + other, 60, between)
        hits += holds(difference(both[:one], both[one:] + 0.1, RESAMPLES), 0.1)
    assert 0.93 <= hits / ROUNDS <= 0.999


def test_seeds_of_both_methods_have_their_degrees_of_freedom_together():
    values = np.random.default_rng(9).random(50)
    seeds = values + np.asarray([[-0.01], [0.0], [0.01]])
    found = difference(seeds, seeds, 2000)
    # Two each, so four: 2.776 standard errors. Conversations differ by nothing.
    half = 2.776 * math.sqrt(2 * 0.0001 / 3)
    assert (found.low, found.high) == pytest.approx((-half, half), rel=0.01)


@pytest.mark.parametrize("between", [0.0, 0.02, 0.1])
def test_so_does_the_difference_from_what_has_no_seeds(between):
    random = np.random.default_rng(round(100 * between))
    hits = 0
    for _ in range(ROUNDS):
        # The first is a method that trains nothing: nothing of it is left to chance but the conversations.
        found = scores(random, 4, 60, 0.0)
        seeds = found[1:] + random.normal(0.0, between, (3, 1)) + 0.1
        hits += holds(difference(found[:1], seeds, RESAMPLES), 0.1)
    assert 0.93 <= hits / ROUNDS <= 0.997


def test_one_seed_has_the_interval_over_conversations_alone():
    values = list(np.random.default_rng(1).random(50))
    other = list(np.random.default_rng(2).random(50))
    assert interval([values], 500) == bootstrap.interval(values, 500)
    assert difference([other], [values], 500) == bootstrap.difference(other, values, 500)


def test_seeds_that_agree_have_the_interval_over_conversations_too():
    values = list(np.random.default_rng(1).random(50))
    found = interval([values] * 3, 500)
    plain = bootstrap.interval(values, 500)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high))


def test_one_conversation_gives_no_interval_and_few_give_no_verdict():
    assert interval([[0.5], [0.7]], 100) == Interval(pytest.approx(0.6), None, None, 1)
    few = difference([[0.1] * 9] * 2, [[0.9] * 9] * 2, 100)
    assert few.verdict == "too few to tell"
    assert difference([[0.1] * 10] * 2, [[0.9] * 10] * 2, 100).verdict == "better"


def test_what_does_not_fit_together_is_refused():
    with pytest.raises(ValueError, match="different numbers"):
        interval([[0.1, 0.2], [0.1]], 100)
    with pytest.raises(ValueError, match="paired"):
        difference([[0.1, 0.2]], [[0.1], [0.2]], 100)
    with pytest.raises(ValueError, match="at least one"):
        interval([[]], 100)


# From tables of Student's t; the degrees of freedom of Welch are no whole numbers.
@pytest.mark.parametrize(
    ("freedom", "wanted"), [(1.5, 6.017), (1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (9, 2.262)]
)
def test_quantiles_of_t(freedom, wanted):
    found = t_quantiles(np.asarray([0.025, 0.5, 0.975]), freedom)
    assert found == pytest.approx([-wanted, 0.0, wanted], abs=0.001)


def test_intervals_of_seeds_are_put_together_where_there_is_nothing_else():
    seeds = [Interval(mean, mean - 0.03, mean + 0.03, 40) for mean in (0.4, 0.5, 0.6)]
    found = combined(seeds)
    half = math.hypot(0.03, 4.3027 * 0.1 / math.sqrt(3))
    assert (found.mean, found.low, found.high) == pytest.approx((0.5, 0.5 - half, 0.5 + half), abs=1e-4)
    assert combined(seeds[:1]).as_dict() == pytest.approx(seeds[0].as_dict())
    assert combined([Interval(0.4, None, None, 1), seeds[0]]) == Interval(0.4, None, None, 1)
