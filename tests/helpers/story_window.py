"""The main window for stories: its workers follow a script or, of some kinds, do their real work."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.api import Job
from gui.core.preferences import Preferences
from gui.main_window import MainWindow
from tests.helpers.scripted_manager import end, scripted_manager
from tests.helpers.train_stage import COMPLETE, PLAN

MODELS = {"event": "result_made", "result": {"models": [{"id": "starter"}]}}


def click(widget: QWidget) -> None:
    """Click a widget that can be seen and is enabled."""
    assert widget.isVisible(), f"{widget.accessibleName()} is not shown"
    assert widget.isEnabled(), f"{widget.accessibleName()} is grey"
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def type_into(line: QLineEdit, text: str) -> None:
    """Type over what stands in a line, and press Return."""
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)
    QTest.keyClick(line, Qt.Key.Key_Return)


class StoryWindow:
    """A window, and scripts for its workers by kind; those of the kinds in `real` get none."""

    def __init__(self, qtbot: Any, real: tuple[str, ...] = ()) -> None:
        self.scripts: dict[str, list[Any]] = {
            "plan": [["answer", PLAN]], "models": [["emit", MODELS]], "train": COMPLETE,
        }  # fmt: skip
        self._qtbot, self._real = qtbot, real
        self._windows: list[MainWindow] = []

    def open(self, page: str = "", *, guides: bool = False) -> MainWindow:
        """Open a window, as a new start of the program would, with a page in front."""
        preferences = Preferences()
        if page:
            preferences.set("page", page)
        window = MainWindow(scripted_manager(self._script, self._real), preferences, guides=guides)
        self._windows.append(window)
        window.resize(1440, 900)
        with self._qtbot.waitActive(window):
            window.show()
        return window

    def close(self, window: MainWindow) -> None:
        self._windows.remove(window)
        end(window.manager)
        window.may_close = True
        window.close()
        window.deleteLater()
        QCoreApplication.sendPostedEvents(window, QEvent.Type.DeferredDelete)

    def close_all(self) -> None:
        """Close every window that is still open."""
        for window in list(self._windows):
            self.close(window)

    def until(self, condition: Callable[[], object]) -> None:
        self._qtbot.waitUntil(lambda: bool(condition()))

    def _script(self, job: Job) -> list[Any] | None:
        kind = job.request()["kind"]
        return None if kind == "summarize" else self.scripts.get(kind, [["answer", {}]])
