import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.plots.chart import log_ticks, nice_ticks
from gui.plots.series import Series, smoothing_window

VALUES = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=300)


def series_of(values):
    made = Series()
    made.extend(range(1, len(values) + 1), values)
    return made


@given(VALUES, st.integers(1, 50))
def test_the_running_mean_is_the_mean_of_the_last_values(values, window):
    made = series_of(values)
    wanted = [np.mean(values[max(0, at + 1 - window) : at + 1]) for at in range(len(values))]
    assert made.mean_at(np.arange(len(values)), window) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(("steps", "window"), [(0, 4), (30, 4), (200, 8), (1000, 40)])
def test_a_short_run_is_smoothed_too(steps, window):
    assert smoothing_window(steps, 0) == 1
    assert smoothing_window(steps, 0.63) == window


@given(VALUES, st.integers(4, 40))
def test_peaks_keep_every_extreme(values, columns):
    x, y = series_of(values).peaks(0, len(values) + 1, columns)
    assert y.max() == max(values)
    assert y.min() == min(values)
    assert len(x) == len(y) <= max(2 * columns, len(values) if len(values) <= 2 * columns else 0)
    assert (np.diff(x) >= 0).all()


def test_growing_one_by_one_equals_all_at_once():
    one, all_at_once = Series(), Series()
    values = np.random.default_rng(3).normal(size=5000)
    for step, value in enumerate(values):
        one.extend([step], [value])
    all_at_once.extend(range(5000), values)
    assert np.array_equal(one.values, all_at_once.values)
    at = np.arange(5000)
    assert one.mean_at(at, 20) == pytest.approx(all_at_once.mean_at(at, 20), abs=1e-9)


def test_what_is_not_finite_goes_back_or_does_not_rise_is_left_out():
    made = series_of([1.0] * 10)
    made.extend([6], [2.0])
    assert made.steps.tolist() == [1, 2, 3, 4, 5, 6]
    assert made.values[-1] == 2.0
    assert float(made.mean_at(5, 2)) == 1.5
    made = Series()
    made.extend([1, 2, 3], [1.0, float("nan"), float("inf")])
    made.extend([4], [2.0])
    assert made.steps.tolist() == [1, 4]
    series = Series()
    series.extend([1, 5, 3, 6, 6, 2], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert list(series.steps) == [1, 5, 6]
    assert list(series.values) == [1.0, 2.0, 4.0]


def test_spread_leaves_out_the_odd_peak():
    values = [1.0 + 0.001 * at for at in range(500)] + [900.0]
    low, high = series_of(values).spread(0, 600)
    assert 0.99 < low < 1.1
    assert high < 2.0


def test_ticks_stand_at_round_values():
    assert nice_ticks(0, 1549, 8, whole=True) == [0, 200, 400, 600, 800, 1000, 1200, 1400]
    assert nice_ticks(0.94, 1.71, 4) == [1.0, 1.2, 1.4, 1.6]
    assert nice_ticks(0, 3, 8, whole=True) == [0, 1, 2, 3]
    assert [round(10**tick, 6) for tick in log_ticks(-1, 1)] == [0.1, 0.2, 0.5, 1, 2, 5, 10]
    assert len(log_ticks(0.0, 0.2)) >= 2
    assert log_ticks(-4, 3) == [-4, -3, -2, -1, 0, 1, 2, 3]
