"""How long the window stands still when it goes from light to dark with all of its pages built, and for larger text."""

import time
from collections.abc import Callable

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui.look import style
from gui.shell.rooms import VIEWS
from tests.helpers.benchmark_report import percentile, show, temporary_home
from tests.helpers.whole_window import close, fill_home, make_window

SWITCHES = 20
SETTLE_MILLISECONDS = 400


def main() -> None:
    application = QApplication([])
    style.apply(application, "light")
    with temporary_home():
        fill_home()
        window = make_window(planned=True)
        window.resize(1440, 900)
        window.show()
        for key in (*VIEWS, "train"):
            window.show_built(key)
            QTest.qWait(SETTLE_MILLISECONDS)
        schemes = [
            _seconds(application, lambda dark=number % 2: _wear(application, dark=dark))
            for number in range(SWITCHES)
        ]
        larger = [
            _seconds(application, lambda scale=1.0 + number % 2 / 2: style.apply(application, "light", scale))
            for number in range(SWITCHES)
        ]
        show(
            f"A window of {len(application.allWidgets()):,} widgets",
            [
                ("light to dark or back, median", f"{percentile(schemes, 0.5) * 1000:.0f} ms", "300 ms"),
                ("the same, worst", f"{max(schemes) * 1000:.0f} ms", ""),
                ("text to 150 % or back, median", f"{percentile(larger, 0.5) * 1000:.0f} ms", ""),
            ],
        )
        close(window)


def _wear(application: QApplication, *, dark: int) -> None:
    style.apply(application, "dark" if dark else "light")


def _seconds(application: QApplication, change: Callable[[], None]) -> float:
    """Return how long a change takes, until it is painted."""
    began = time.perf_counter()
    change()
    application.processEvents()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
