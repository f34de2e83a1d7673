"""The main window with content on every page: runs, adapters, and scripted workers."""

from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent

from gui.core.preferences import Preferences
from gui.main_window import MainWindow
from tests.helpers.background import wait_for
from tests.helpers.homes import add_adapter, add_run, make_recipe
from tests.helpers.scripted_manager import end, scripted_manager
from tests.helpers.train_stage import PLAN

MODELS = {"event": "result_made", "result": {"models": [{"id": "starter"}]}}


def fill_home() -> None:
    """Add runs and adapters to the current home."""
    for number in range(2):
        add_run(make_recipe(name=f"Run {number}"))
        add_adapter(f"samsum-{number}", recipe=make_recipe(base="starter"))


def make_window(*, planned: bool = False) -> MainWindow:
    """Return the window; with `planned`, its plans hold all that a worker can know."""

    def script_of(job: Any) -> list[Any]:
        kind = job.request()["kind"]
        answer = PLAN if planned and kind == "plan" else {}
        return [["emit", MODELS]] if kind == "models" else [["answer", answer]]

    return MainWindow(scripted_manager(script_of), Preferences())


def leave(window: MainWindow) -> None:
    end(window.manager)
    for key in ("doctor", "help"):
        wait_for(window.built(key))


def close(window: MainWindow) -> None:
    """End all workers and delete the window, so that none of its timers fires any more."""
    leave(window)
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(window, QEvent.Type.DeferredDelete)
