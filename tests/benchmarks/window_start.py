"""How soon the window is visible: from the start of the process to its first paint, in fresh processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

from tests.helpers.benchmark_report import show

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


def main() -> None:
    """Measure and print."""
    seconds, torch_seen = [], False
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as home:
            environment = os.environ | {"TUNESMITH_HOME": home}
            began = time.time()
            done = subprocess.run(
                [sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, check=True
            )
        painted, torch = done.stdout.split()[:2]
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


if __name__ == "__main__":
    main()
