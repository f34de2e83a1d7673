"""How soon the window is visible, shows a plan, and is there in another language, in fresh processes."""

import statistics
import subprocess
import sys
import time

from tests.helpers.benchmark_report import show, temporary_home
from tests.helpers.whole_window import fill_home

ROUNDS = 7

# Runs the real start, and reports the moment of the first paint of the real window.
PROBE = """
import sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
from gui import app, main_window

class FirstPaint(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and watched.isVisible():
            watched.removeEventFilter(self)
            print(time.time(), "torch" in sys.modules, flush=True)
            QTimer.singleShot(0, QApplication.quit)
        return False

watcher = FirstPaint()
show = main_window.MainWindow.show
def watched_show(window):
    window.installEventFilter(watcher)
    show(window)
main_window.MainWindow.show = watched_show
sys.exit(app.run([]))
"""

# Reports how long after the first paint a plan is shown: what is known of the last one, or else the one just made.
PLAN_PROBE = """
import sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
from gui import app, main_window

class Times(QObject):
    painted = 0.0
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and not self.painted:
            self.painted = time.time()
        return False
    def tell(self, kind):
        print(kind, max(0.0, time.time() - self.painted) if self.painted else 0.0, flush=True)

times = Times()
show = main_window.MainWindow.show
def watched_show(window):
    window.installEventFilter(times)
    planner = window.manager.planner
    planner.recalled.connect(lambda _plan: times.tell("recalled"))
    planner.planned.connect(lambda _plan: (times.tell("planned"), QTimer.singleShot(500, QApplication.quit)))
    window.show_page("train")
    show(window)
main_window.MainWindow.show = watched_show
sys.exit(app.run([]))
"""

# Shows every page, then changes the language as Settings do, and reports how long the new window takes to its paint.
LANGUAGE_PROBE = """
import sys, time
import psutil
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from gui import app, main_window
from gui.shell.rooms import VIEWS

class NextPaint(QObject):
    began = cpu = 0.0
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and self.began:
            print(time.perf_counter() - self.began, time.thread_time() - self.cpu, flush=True)
            self.began = 0.0
            QTimer.singleShot(0, QApplication.quit)
        return False

def workers_seconds():
    return sum(sum(each.cpu_times()[:2]) for each in psutil.Process().children(recursive=True))

def change(window):
    for key in (*VIEWS, "library"):
        window.show_page(key)
        QTest.qWait(500)
    window.preferences.set("language", "de")
    used, before = workers_seconds(), -1.0
    while abs(used - before) > 0.1:
        QTest.qWait(2000)
        used, before = workers_seconds(), used
    next_paint.began, next_paint.cpu = time.perf_counter(), time.thread_time()
    window.restart()

next_paint, windows = NextPaint(), []
show = main_window.MainWindow.show
def watched_show(window):
    windows.append(window)
    if len(windows) == 1:
        QTimer.singleShot(1000, window, lambda: change(window))
    else:
        window.installEventFilter(next_paint)
    show(window)
main_window.MainWindow.show = watched_show
sys.exit(app.run([]))
"""


def _printed(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout


def first_plans() -> dict[str, float]:
    """Return after how many seconds a window shows what it knows of a plan, and the plan that is just made."""
    return {kind: float(seconds) for kind, seconds in map(str.split, _printed(PLAN_PROBE).splitlines())}


def main() -> None:
    seconds, torch_seen = [], False
    for _ in range(ROUNDS):
        with temporary_home():
            began = time.time()
            painted, torch = _printed(PROBE).split()[:2]
        seconds.append(float(painted) - began)
        torch_seen = torch_seen or torch == "True"
    show(
        "Window start",
        [
            ("process start to first paint, median", f"{statistics.median(seconds):.2f} s", "1.0 s"),
            ("the same, slowest", f"{max(seconds):.2f} s", ""),
            ("torch in the window's process", "yes" if torch_seen else "no", "no"),
        ],
    )
    with temporary_home():
        first, later = first_plans(), [first_plans() for _ in range(ROUNDS)]
    known = statistics.median(found["recalled"] for found in later)
    show(
        "First plan",
        [
            ("first paint to the plan, the very first start", f"{first['planned']:.2f} s", ""),
            ("first paint to what is known of the last plan, median", f"{known:.2f} s", "2.0 s"),
        ],
    )
    switches, cpu = zip(*(_language_switch() for _ in range(ROUNDS)), strict=True)
    show(
        "Another language, every page shown before",
        [
            ("restart to first paint, median", f"{statistics.median(switches) * 1000:.0f} ms", "300 ms"),
            ("the same, slowest", f"{max(switches) * 1000:.0f} ms", ""),
            ("CPU time of the GUI thread, median", f"{statistics.median(cpu) * 1000:.0f} ms", ""),
        ],
    )


def _language_switch() -> tuple[float, float]:
    with temporary_home():
        fill_home()
        seconds, cpu_seconds = map(float, _printed(LANGUAGE_PROBE).split())
    return seconds, cpu_seconds


if __name__ == "__main__":
    main()
