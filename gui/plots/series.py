"""The data of a loss plot: growing buffers, a running mean of any width, and peaks by pixel column.

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
        self._steps = np.empty(1024)
        self._values = np.empty(1024)
        self._sums = np.zeros(1025)
        self._count = 0
        # The points of a curve that were taken, those left out among them.
        self._followed = 0

    def __len__(self) -> int:
        return self._count

    @property
    def steps(self) -> Floats:
        """The steps so far; a view, valid until the next append."""
        return self._steps[: self._count]

    @property
    def values(self) -> Floats:
        """The values so far; a view, valid until the next append."""
        return self._values[: self._count]

    def extend(self, steps: Sequence[float] | Floats, values: Sequence[float] | Floats) -> None:
        """Add values of rising steps; what does not rise, as in events of others, is left out."""
        new_steps, new_values = np.asarray(steps, dtype=np.float64), np.asarray(values, dtype=np.float64)
        finite = np.isfinite(new_values)
        new_steps, new_values = new_steps[finite], new_values[finite]
        if not new_steps.size:
            return
        rising = np.append(True, new_steps[1:] > np.maximum.accumulate(new_steps)[:-1])
        new_steps, new_values = new_steps[rising], new_values[rising]
        if self._count and new_steps[0] <= self._steps[self._count - 1]:
            self.drop_after(float(new_steps[0]) - 1)
        self._reserve(new_steps.size)
        start, end = self._count, self._count + new_steps.size
        self._steps[start:end] = new_steps
        self._values[start:end] = new_values
        self._sums[start + 1 : end + 1] = self._sums[start] + np.cumsum(new_values)
        self._count = end

    def drop_after(self, step: float) -> None:
        self._count = int(np.searchsorted(self.steps, step, side="right"))

    def follow(self, curve: Curve) -> None:
        """Add the points of a growing curve that are new."""
        self.extend(curve.steps[self._followed :], curve.values[self._followed :])
        self._followed = len(curve.steps)

    def clear(self) -> None:
        self._count = self._followed = 0

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
        return self._steps[index], self.mean_at(index, window)

    def peaks(self, low: float, high: float, columns: int) -> tuple[Floats, Floats]:
        """Return minimum and maximum of each pixel column between two steps, which look like all points.

        With at most two points a column, the points themselves.
        """
        first, last = self._visible(low, high)
        if last - first <= 2 * columns:
            return self._steps[first:last], self._values[first:last]
        edges = np.linspace(self._steps[first], self._steps[last - 1], columns + 1)[:-1]
        starts = np.unique(np.searchsorted(self._steps[first:last], edges))
        values = self._values[first:last]
        made = np.empty(2 * starts.size)
        made[0::2] = np.minimum.reduceat(values, starts)
        made[1::2] = np.maximum.reduceat(values, starts)
        return np.repeat(self._steps[first + starts], 2), made

    def spread(self, low: float, high: float) -> tuple[float, float] | None:
        """Return the 1st and 99th percentile between two steps, from a sample of a few thousand; None if empty."""
        first, last = self._visible(low, high)
        if last <= first:
            return None
        sample = self._values[first : last : max(1, (last - first) // SAMPLED)]
        if sample.size < 20:
            return float(sample.min()), float(sample.max())
        at = np.percentile(sample, (1, 99))
        return float(at[0]), float(at[1])

    def _visible(self, low: float, high: float) -> tuple[int, int]:
        """The indices between two steps, and one point beyond at either side, so that lines leave the view."""
        first = int(np.searchsorted(self.steps, low, side="left")) - 1
        last = int(np.searchsorted(self.steps, high, side="right")) + 1
        return max(0, first), min(self._count, last)

    def _reserve(self, more: int) -> None:
        needed = self._count + more
        if needed <= self._steps.size:
            return
        size = max(needed, 2 * self._steps.size)
        self._steps = np.concatenate((self.steps, np.empty(size - self._count)))
        self._values = np.concatenate((self.values, np.empty(size - self._count)))
        self._sums = np.concatenate((self._sums[: self._count + 1], np.empty(size - self._count)))


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
        """Return the window of the running mean in steps: up to a tenth of the run."""
        return max(1, round(0.1 * max(self.total, len(self.train)) * self.smoothing**2))

    def reached(self) -> float:
        return float(self.train.steps[-1]) if len(self.train) else 0.0

    def last_step(self) -> float:
        return max(1.0, float(self.total), self.reached())
