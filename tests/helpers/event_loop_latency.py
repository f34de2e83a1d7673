"""Measures the latency of the window's event loop: how late a 10 ms timer fires."""

import time

from PySide6.QtCore import QObject, Qt, QTimer

from tests.helpers.benchmark_report import percentile

INTERVAL_MILLISECONDS = 10


class EventLoopLatency(QObject):
    """Collects delays in milliseconds from `start` to `stop`."""

    def __init__(self) -> None:
        super().__init__()
        self.delays: list[float] = []
        self._due = 0.0
        self._timer = QTimer(self, interval=INTERVAL_MILLISECONDS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._record)

    def start(self) -> None:
        """Start measuring."""
        self._due = time.perf_counter() + INTERVAL_MILLISECONDS / 1000
        self._timer.start()

    def stop(self) -> None:
        """Stop measuring."""
        self._timer.stop()

    def _record(self) -> None:
        now = time.perf_counter()
        self.delays.append(max(0.0, now - self._due) * 1000)
        self._due = now + INTERVAL_MILLISECONDS / 1000

    def rows(self, goal: str) -> list[tuple[str, str, str]]:
        """Return the delays as rows of a report."""
        return [
            ("10 ms timer late by, median", f"{percentile(self.delays, 0.5):.1f} ms", ""),
            ("the same, 99th percentile", f"{percentile(self.delays, 0.99):.1f} ms", goal),
            ("the same, worst", f"{max(self.delays):.1f} ms", ""),
            ("ticks", f"{len(self.delays):,}", ""),
        ]
