"""The data of a loss plot: growing series, a running mean of any width, and peaks by pixel column.

Knows numpy and no Qt. The cost depends on the visible pixel columns, not on the number of points, but for one pass of
minima and maxima over the part in view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.api import Curve, RunState

Floats = NDArray[np.float64]
SAMPLED = 4096
# The columns of a line whose points are marked: more marks would cover each other.
MARKED_COLUMNS = 200


class Series:
    """Values over rising steps.

    Values that are not finite are left out; a smaller step drops the later ones.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.steps: Floats = np.empty(0)
        self.values: Floats = np.empty(0)
        self._sums: Floats = np.zeros(1)
        # The points of a curve that were taken, those left out among them.
        self._followed = 0

    def __len__(self) -> int:
        return self.steps.size

    def extend(self, steps: Sequence[float] | Floats, values: Sequence[float] | Floats) -> None:
        """Add values of rising steps; what does not rise, as in events of others, is left out."""
        new_steps, new_values = np.asarray(steps, dtype=np.float64), np.asarray(values, dtype=np.float64)
        finite = np.isfinite(new_values)
        new_steps, new_values = new_steps[finite], new_values[finite]
        if not new_steps.size:
            return
        rising = np.append(True, new_steps[1:] > np.maximum.accumulate(new_steps)[:-1])
        new_steps, new_values = new_steps[rising], new_values[rising]
        kept = int(np.searchsorted(self.steps, new_steps[0]))
        self.steps = np.append(self.steps[:kept], new_steps)
        self.values = np.append(self.values[:kept], new_values)
        self._sums = np.append(self._sums[: kept + 1], self._sums[kept] + np.cumsum(new_values))

    def follow(self, curve: Curve) -> None:
        """Add the points of a growing curve that are new."""
        self.extend(curve.steps[self._followed :], curve.values[self._followed :])
        self._followed = len(curve.steps)

    def mean_at(self, index: NDArray[np.intp] | int, window: int) -> Floats:
        """Return the running mean at indices: over the last `window` values, fewer at the start."""
        last = np.asarray(index) + 1
        first = np.maximum(0, last - max(1, window))
        mean: Floats = (self._sums[last] - self._sums[first]) / (last - first)
        return mean

    def smoothed(self, low: float, high: float, points: int, window: int) -> tuple[Floats, Floats]:
        """Return steps and running means between two steps, about `points` at most."""
        first, last = self._visible(low, high)
        if last <= first:
            return np.empty(0), np.empty(0)
        stride = max(1, -(-(last - first) // max(2, points)))
        index = np.arange(first, last, stride)
        if index[-1] != last - 1:
            index = np.append(index, last - 1)
        return self.steps[index], self.mean_at(index, window)

    def peaks(self, low: float, high: float, columns: int) -> tuple[Floats, Floats]:
        """Return minimum and maximum of each pixel column between two steps, which look like all points.

        With at most two points a column, the points themselves.
        """
        first, last = self._visible(low, high)
        if last - first <= 2 * columns:
            return self.steps[first:last], self.values[first:last]
        edges = np.linspace(self.steps[first], self.steps[last - 1], columns + 1)[:-1]
        starts = np.unique(np.searchsorted(self.steps[first:last], edges))
        values = self.values[first:last]
        made = np.empty(2 * starts.size)
        made[0::2] = np.minimum.reduceat(values, starts)
        made[1::2] = np.maximum.reduceat(values, starts)
        return np.repeat(self.steps[first + starts], 2), made

    def spread(self, low: float, high: float) -> tuple[float, float] | None:
        """Return the 1st and 99th percentile between two steps, from a sample of a few thousand; None if empty."""
        first, last = self._visible(low, high)
        if last <= first:
            return None
        sample = self.values[first : last : max(1, (last - first) // SAMPLED)]
        if sample.size < 20:
            return float(sample.min()), float(sample.max())
        at = np.percentile(sample, (1, 99))
        return float(at[0]), float(at[1])

    def _visible(self, low: float, high: float) -> tuple[int, int]:
        """The indices between two steps, and one point beyond at either side, so that lines leave the view."""
        first = int(np.searchsorted(self.steps, low, side="left")) - 1
        last = int(np.searchsorted(self.steps, high, side="right")) + 1
        return max(0, first), min(len(self), last)


def smoothing_window(steps: int, smoothing: float) -> int:
    """Return over how many steps of a run a running mean goes, by a smoothing of 0 to 1: up to a tenth, or 10."""
    return max(1, round(max(0.1 * steps, 10) * smoothing**2))


@dataclass
class Drawing:
    """The content of a loss plot: both losses, scores (fractions), the planned steps, and display options.

    `former` is the training loss of an attempt before the run began again.
    """

    train: Series
    evaluation: Series
    scores: Series = field(default_factory=Series)
    chrf: Series = field(default_factory=Series)
    former: Series = field(default_factory=Series)
    total: int = 0
    smoothing: float = 0.6
    log: bool = False
    saved_step: int | None = None
    finished: bool = False
    everything: bool = False
    # The run that is drawn, and which of its revisions.
    state: RunState | None = None
    revision: int = 0

    def follow(self, state: RunState, *, ended: bool) -> None:
        """Take in what a run has reported, all anew for another run or one that began again."""
        curves = {
            "train": state.loss,
            "evaluation": state.evaluation_loss,
            "scores": state.evaluation_rouge1,
            "chrf": state.evaluation_chrf,
            "former": state.former_loss,
        }
        for name, curve in curves.items():
            series: Series = getattr(self, name)
            if state is not self.state or state.revision != self.revision:
                series.clear()
            series.follow(curve)
        self.state, self.revision = state, state.revision
        self.total, self.finished = state.total_steps, ended
        self.saved_step = int(state.adapter["step"]) if ended and state.adapter else None

    def window(self) -> int:
        return smoothing_window(max(self.total, len(self.train)), self.smoothing)

    def reached(self) -> float:
        return float(self.train.steps[-1]) if len(self.train) else 0.0

    def last_step(self) -> float:
        return max(1.0, float(self.total), self.reached())
