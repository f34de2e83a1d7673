"""Does the window stay fluent while the starter trains on the same processor, and how soon does Stop answer?"""

import time
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from engine.api import paths, recipe
from gui.core.preferences import Preferences
from gui.look import style
from gui.main_window import MainWindow
from gui.workers.run_model import RunModel
from gui.workers.worker_manager import WorkerManager
from tests.helpers.benchmark_report import percentile, show, temporary_home

TRAINED_SECONDS = 30
INTERVAL_MILLISECONDS = 10


class EventLoopLatency(QObject):
    """How late a 10 ms timer of the window fires, in milliseconds from `start` to `stop`."""

    def __init__(self) -> None:
        super().__init__()
        self.delays: list[float] = []
        self._due = 0.0
        self._timer = QTimer(self, interval=INTERVAL_MILLISECONDS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._record)

    def start(self) -> None:
        self._due = time.perf_counter() + INTERVAL_MILLISECONDS / 1000
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _record(self) -> None:
        now = time.perf_counter()
        self.delays.append(max(0.0, now - self._due) * 1000)
        self._due = now + INTERVAL_MILLISECONDS / 1000

    def rows(self, goal: str) -> list[tuple[str, str, str]]:
        return [
            ("10 ms timer late by, median", f"{percentile(self.delays, 0.5):.1f} ms", ""),
            ("the same, 99th percentile", f"{percentile(self.delays, 0.99):.1f} ms", goal),
            ("the same, worst", f"{max(self.delays):.1f} ms", ""),
            ("ticks", f"{len(self.delays):,}", ""),
        ]


@dataclass(frozen=True)
class Found:
    """Delays of a 10 ms timer in milliseconds, before the first step and while it trained, and how long Stop took."""

    loading: EventLoopLatency
    training: EventLoopLatency
    stop_seconds: float


def main() -> None:
    with temporary_home():
        found = measured(recipe.load(paths.presets_folder() / "starter.toml"), TRAINED_SECONDS)
    show("While the worker imports, loads and scores the base model", found.loading.rows(""))
    show("While the starter trains", found.training.rows("16 ms"))
    show("Stop", [("asked to stopped, checkpoint and adapter written", f"{found.stop_seconds:.2f} s", "2 s")])


def measured(run: recipe.Recipe, seconds: float) -> Found:
    """Train in the real window for so long, then stop."""
    application = QApplication.instance() or QApplication([])
    style.apply(application, "light")
    manager = WorkerManager()
    window = MainWindow(manager, Preferences())
    window.show()
    try:
        return _measured(window, run, seconds)
    finally:
        manager.leave()


def _measured(window: MainWindow, run: recipe.Recipe, seconds: float) -> Found:
    page = window.show_built("train")
    model: RunModel = page.start_run(run)
    loading, training = EventLoopLatency(), EventLoopLatency()
    loading.start()
    stopped_at: list[float] = []
    ended_at: list[float] = []

    def look() -> None:
        if model.state.step >= 1 and not training.delays and loading.delays:
            loading.stop()
            training.start()
            QTimer.singleShot(int(seconds * 1000), stop)

    def stop() -> None:
        training.stop()
        stopped_at.append(time.perf_counter())
        model.stop()

    def end(_: object) -> None:
        ended_at.append(time.perf_counter())
        QApplication.quit()

    model.changed.connect(look)
    model.ended.connect(end)
    QApplication.exec()
    return Found(loading, training, ended_at[0] - stopped_at[0] if stopped_at else float("nan"))


if __name__ == "__main__":
    main()
