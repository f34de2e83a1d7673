"""Does the real window stay fluent, and lose nothing, when events come faster than any training sends them?"""

import time
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from engine.api import paths, recipe, run_store
from gui.core.preferences import Preferences
from gui.look import style
from gui.main_window import MainWindow
from gui.workers.worker_manager import WorkerManager
from tests.benchmarks.responsiveness import EventLoopLatency
from tests.helpers import scripted_worker
from tests.helpers.benchmark_report import show, temporary_home

SUSTAINED = {"count": 20_000, "per_second": 2_000}
BURST = 100_000
MAX_SECONDS = 120


def main() -> None:
    application = QApplication.instance() or QApplication([])
    with temporary_home():
        style.apply(application, "light")
        manager = WorkerManager(command=scripted_worker.command)
        window = MainWindow(manager, Preferences())
        window.show()
        _flood(manager, window, "2,000 events a second, 10 s", [["steps", SUSTAINED]], SUSTAINED["count"])
        _flood(manager, window, "A burst of 100,000 events", [["flood", BURST]], BURST)
        manager.leave()


def _flood(manager: WorkerManager, window: MainWindow, title: str, script: list[Any], count: int) -> None:
    job = run_store.create_run(recipe.load(paths.presets_folder() / "starter.toml"))
    started = ["emit", {"event": "run_started", "total_steps": count, "first_step": 0}]
    scripted_worker.give_script(job, [started, *script])
    page = window.show_built("train")
    model = manager._follow(job, recipe.load(job.recipe_path), attach=False)
    page.show_run(model)
    latency = EventLoopLatency()
    latency.start()
    began = time.perf_counter()
    model.ended.connect(lambda _: QTimer.singleShot(500, QApplication.quit))
    QTimer.singleShot(MAX_SECONDS * 1000, QApplication.quit)
    QApplication.exec()
    latency.stop()
    got = len(model.state.loss.steps)
    lost = count - got
    rows = [("events lost", f"{lost:,} of {count:,}", "0"), *latency.rows("16 ms")]
    show(title, [*rows, ("seconds", f"{time.perf_counter() - began:.1f}", "")])


if __name__ == "__main__":
    main()
