"""Does the window stay fluent while the starter trains on the same processor, and how soon does Stop answer?"""

from __future__ import annotations

import os
import tempfile
import time

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from engine.api import paths, recipe
from gui.core.preferences import Preferences
from gui.look import style
from gui.main_window import MainWindow
from gui.workers.run_model import RunModel
from gui.workers.worker_manager import WorkerManager
from tests.helpers.benchmark_report import show
from tests.helpers.event_loop_latency import EventLoopLatency

TRAINED_SECONDS = 30


def main() -> None:
    """Measure and print."""
    application = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNESMITH_HOME"] = home
        style.apply(application, "light")
        manager = WorkerManager()
        window = MainWindow(manager, Preferences())
        window.show()
        _measure(manager, window)
        manager.leave()


def _measure(manager: WorkerManager, window: MainWindow) -> None:
    page = window.show_built("train")
    model: RunModel = page.start_run(recipe.load(paths.presets_folder() / "starter.toml"))
    loading, training = EventLoopLatency(), EventLoopLatency()
    loading.start()
    stopped_at: list[float] = []
    ended_at: list[float] = []

    def look() -> None:
        if model.state.step >= 1 and not training.delays and loading.delays:
            loading.stop()
            training.start()
            QTimer.singleShot(TRAINED_SECONDS * 1000, stop)

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
    show("While the worker imports, loads and scores the base model", loading.rows(""))
    show("While the starter trains", training.rows("16 ms"))
    answer = ended_at[0] - stopped_at[0] if stopped_at else float("nan")
    show("Stop", [("asked to stopped, checkpoint and adapter written", f"{answer:.2f} s", "2 s")])


if __name__ == "__main__":
    main()
