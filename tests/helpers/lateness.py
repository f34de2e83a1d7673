"""A 10 ms timer in the window's thread that notes how late it is: what a person feels as jerking."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer

from tests.helpers.benchmark_report import percentile

INTERVAL_MILLISECONDS = 10


class Lateness(QObject):
    """Collect lateness in milliseconds while `running`."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[float] = []
        self._due = 0.0
        self._timer = QTimer(self, interval=INTERVAL_MILLISECONDS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._note)

    def start(self) -> None:
        """Begin to note."""
        self._due = time.perf_counter() + INTERVAL_MILLISECONDS / 1000
        self._timer.start()

    def stop(self) -> None:
        """End it."""
        self._timer.stop()

    def _note(self) -> None:
        now = time.perf_counter()
        self.late.append(max(0.0, now - self._due) * 1000)
        self._due = now + INTERVAL_MILLISECONDS / 1000

    def rows(self, goal: str) -> list[tuple[str, str, str]]:
        """Return what was found, as rows of a report."""
        return [
            ("10 ms timer late by, median", f"{percentile(self.late, 0.5):.1f} ms", ""),
            ("the same, 99th percentile", f"{percentile(self.late, 0.99):.1f} ms", goal),
            ("the same, worst", f"{max(self.late):.1f} ms", ""),
            ("ticks", f"{len(self.late):,}", ""),
        ]
