"""How far a stage is, and its remaining time: a steady, coarse value, none before it is known.

Reports carry their time, so that recorded events give the same estimate when they are read later. Knows no widget.
"""

from __future__ import annotations

import math
from collections import deque

from engine.api import Event, clock, run_text
from gui.look.format import left_text
from gui.look.language import translate

# The speed is measured over the last seconds, or over the last few reports if they are rarer.
RECENT_SECONDS, MIN_REPORTS = 20.0, 4
# The first second is not typical: connections open, caches fill. Nor is the first tenth, unless it takes a minute.
FIRST_SECONDS, FIRST_SHARE, LONG_SECONDS = 1.0, 0.1, 60.0
# The time constant of smoothing.
SETTLING_SECONDS = 5.0
MINUTE, HOUR, COARSE = 60.0, 3600.0, 600.0


class Eta:
    """Takes in the progress of one stage after the other; `begin` resets it for the next stage."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self._reports: deque[tuple[float, int]] = deque()
        self._began, self._began_with = 0.0, 0
        self.done, self.total, self.unit = 0, 0, ""
        self._ends: float | None = None
        self._shown_seconds: float | None = None

    def follow(self, event: Event) -> None:
        """Take in an event of a job; events without progress are ignored."""
        if event["event"] == "stage_entered":
            self.begin()
        elif event["event"] == "stage_progressed":
            self.report(event["done"], event["total"], clock(event))
            self.unit = event["unit"]

    def report(self, done: int, total: int, at: float) -> None:
        """Take in the progress at a time; another total, or less than before, begins a new stage."""
        if self._reports:
            last_at, last_done = self._reports[-1]
            if total != self.total or done < last_done or at < last_at:
                self.begin()
        if not self._reports:
            self._began, self._began_with = at, done
        self.done, self.total = done, total
        self._reports.append((at, done))
        while len(self._reports) > MIN_REPORTS and self._reports[1][0] <= at - RECENT_SECONDS:
            self._reports.popleft()
        self._judge()

    @property
    def seconds(self) -> float | None:
        """The remaining seconds as of the last report; None while unknown and once all is done."""
        return None if self._ends is None else max(0.0, self._ends - self._reports[-1][0])

    @property
    def text(self) -> str:
        """The remaining time as text: "about 4 min left", "" while unknown."""
        return "" if self._shown_seconds is None else left_text(self._shown_seconds)

    @property
    def share(self) -> float:
        """The fraction that is done, 0 to 1."""
        return self.done / self.total if self.total else 0.0

    @property
    def how_far(self) -> str:
        """The progress as text: "412.0 MB of 990.0 MB, about 4 min left", "" before any."""
        done = translate(run_text.how_far(self.done, self.total, self.unit)) if self.total else ""
        return self.beside(done)

    def beside(self, how_far: str) -> str:
        """Return the progress text with the remaining time, if known."""
        return ", ".join(part for part in (how_far, self.text) if part)

    def _judge(self) -> None:
        (first_at, first_done), (at, done) = self._reports[0], self._reports[-1]
        is_early = done - self._began_with < FIRST_SHARE * (self.total - self._began_with)
        if (
            done >= self.total
            or done == first_done
            or at - self._began < (LONG_SECONDS if is_early else FIRST_SECONDS)
        ):
            self._ends = self._shown_seconds = None
            return
        ends = at + (at - first_at) / (done - first_done) * (self.total - done)
        if self._ends is None:
            self._ends = ends
        else:
            passed = at - self._reports[-2][0]
            self._ends += (1.0 - math.exp(-passed / SETTLING_SECONDS)) * (ends - self._ends)
        self._update_shown(max(0.0, self._ends - at))

    def _update_shown(self, left: float) -> None:
        """Change the shown time only if it clearly differs, more so upwards, so that it does not flicker."""
        shown, step = _coarse(left), COARSE if left >= HOUR else MINUTE
        if (
            self._shown_seconds is None
            or shown < self._shown_seconds
            or left > self._shown_seconds + 1.25 * step
        ):
            self._shown_seconds = shown


def _coarse(seconds: float) -> float:
    """Return the time rounded as it is shown."""
    if seconds < MINUTE:
        return 0.0
    step = COARSE if seconds >= HOUR else MINUTE
    return round(seconds / step) * step
