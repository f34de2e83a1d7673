import numpy as np
import pytest

from engine.scoring.bootstrap import Interval, difference, difference_dict, interval


def test_the_same_seed_gives_the_same_interval():
    values = list(np.random.default_rng(1).random(50))
    assert interval(values, 500) == interval(values, 500)
    assert interval(values, 500) != interval(values, 500, seed=1)


def test_intervals_hold_the_truth_about_19_times_in_20():
    random = np.random.default_rng(3)
    hits = 0
    for _ in range(200):
        result = interval(list(random.normal(0.5, 0.2, 80)), resamples=400)
        hits += result.low <= 0.5 <= result.high
    assert 0.90 <= hits / 200 <= 0.99


def test_one_example_gives_no_interval_and_no_verdict():
    result = interval([0.5], resamples=1000)
    assert result == Interval(0.5, None, None, 1)
    assert result.as_dict() == {"mean": 0.5}
    assert difference([0.1], [0.9], 1000).verdict == "too few to tell"


@pytest.mark.parametrize(("count", "verdict"), [(9, "too few to tell"), (10, "better")])
def test_there_is_no_verdict_on_a_handful_of_conversations(count, verdict):
    assert difference([0.1] * count, [0.9] * count, 100).verdict == verdict


def test_a_paired_difference_is_seen_where_the_intervals_of_both_overlap():
    before = list(np.random.default_rng(4).random(60))
    after = [value + 0.02 + 0.001 * (index % 7) for index, value in enumerate(before)]
    assert interval(before, 1000).high > interval(after, 1000).low
    assert difference(before, after, 1000).verdict == "better"
    assert difference(after, before, 1000).verdict == "worse"


def test_ties_show_no_difference():
    found = difference([0.2, 0.3, 0.4] * 4, [0.2, 0.3, 0.4] * 4, 1000)
    assert (found.mean, found.low, found.high) == (0.0, 0.0, 0.0)
    assert difference_dict(found)["verdict"] == "no measurable difference"


def test_only_pairs_have_differences():
    with pytest.raises(ValueError, match="paired"):
        difference([0.1, 0.2], [0.1], 100)
