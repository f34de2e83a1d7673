"""How long a stage still takes, by how far it was when: a steady, coarse answer, and none before it is known.

Reports bring their moment along, so that what a job wrote down is judged by its own clock, also when it is read later.
Knows no widget.
"""

from __future__ import annotations

import math
from collections import deque

from engine.api import Event, clock
from gui.look.format import left_text

# The speed is that of the last seconds; where reports are rarer, of the last few.
RECENT_SECONDS, MIN_REPORTS = 20.0, 4
# The first second says little: connections open, caches fill.
FIRST_SECONDS = 1.0
# How long a change of speed takes to come through.
SETTLING_SECONDS = 5.0
MINUTE, HOUR, COARSE = 60.0, 3600.0, 600.0


class Remaining:
    """Takes in reports of one stage after the other; `begin` leaves behind what was known of the stage before."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Expect a stage of which nothing is known."""
        self._reports: deque[tuple[float, int]] = deque()
        self._began = 0.0
        self._total = 0
        self._ends: float | None = None
        self._shown_seconds: float | None = None

    def follow(self, event: Event) -> None:
        """Take in an event of a job; those that tell nothing of its progress are passed over."""
        if event["event"] == "stage_entered":
            self.begin()
        elif event["event"] == "stage_progressed":
            self.report(event["done"], event["total"], clock(event))

    def report(self, done: int, total: int, at: float) -> None:
        """Take in how far the stage is at a moment; another total, or less than before, is another stage."""
        if self._reports:
            last_at, last_done = self._reports[-1]
            if total != self._total or done < last_done or at < last_at:
                self.begin()
        if not self._reports:
            self._began, self._total = at, total
        self._reports.append((at, done))
        while len(self._reports) > MIN_REPORTS and self._reports[1][0] <= at - RECENT_SECONDS:
            self._reports.popleft()
        self._judge()

    @property
    def seconds(self) -> float | None:
        """How long it still takes as of the last report, None while unknown and once all is done."""
        return None if self._ends is None else max(0.0, self._ends - self._reports[-1][0])

    @property
    def text(self) -> str:
        """What a person is told: "about 4 min left", "" while unknown."""
        return "" if self._shown_seconds is None else left_text(self._shown_seconds)

    def beside(self, how_far: str) -> str:
        """Return words for how far the stage is, with how long it still takes where that is known."""
        return ", ".join(part for part in (how_far, self.text) if part)

    def _judge(self) -> None:
        (first_at, first_done), (at, done) = self._reports[0], self._reports[-1]
        if done >= self._total or done == first_done or at - self._began < FIRST_SECONDS:
            self._ends = self._shown_seconds = None
            return
        ends = at + (at - first_at) / (done - first_done) * (self._total - done)
        if self._ends is None:
            self._ends = ends
        else:
            passed = at - self._reports[-2][0]
            self._ends += (1.0 - math.exp(-passed / SETTLING_SECONDS)) * (ends - self._ends)
        self._update_shown(max(0.0, self._ends - at))

    def _update_shown(self, left: float) -> None:
        """Keep what is told until something else is clear: upwards a good step more, so that it does not flicker."""
        told, step = _coarse(left), COARSE if left >= HOUR else MINUTE
        if (
            self._shown_seconds is None
            or told < self._shown_seconds
            or left > self._shown_seconds + 1.25 * step
        ):
            self._shown_seconds = told


def _coarse(seconds: float) -> float:
    """Return a time as coarse as it is told."""
    if seconds < MINUTE:
        return 0.0
    step = COARSE if seconds >= HOUR else MINUTE
    return round(seconds / step) * step
