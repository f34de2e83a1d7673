"""What a redraw of the live plot costs at a million points: new points taken in, and everything painted."""

import random
import statistics
import time

from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication

from gui.look import style
from tests.helpers.benchmark_report import percentile, show
from tests.helpers.fed_plot import FedPlot

POINTS = 1_000_000
ROUNDS = 60
SIZE = (1000, 500)


def main() -> None:
    application = QApplication.instance() or QApplication([])
    style.apply(application, "light")
    draw = random.Random(0)
    plot = FedPlot(POINTS + ROUNDS)
    plot.resize(*SIZE)
    plot.append_many(
        range(1, POINTS + 1), [1.5 + 2.0 / (1 + step / 9e4) + draw.gauss(0, 0.1) for step in range(POINTS)]
    )
    plot.show()
    QApplication.processEvents()
    seconds = [_redraw(plot, POINTS + turn + 1, draw) for turn in range(ROUNDS)][5:]
    show(
        f"Loss plot, {POINTS:,} points, {SIZE[0]} × {SIZE[1]}",
        [
            ("append, redraw and paint, median", f"{statistics.median(seconds) * 1000:.1f} ms", "10 ms"),
            ("the same, 99th percentile", f"{percentile(seconds, 0.99) * 1000:.1f} ms", ""),
        ],
    )


def _redraw(plot: FedPlot, step: int, draw: random.Random) -> float:
    """Return the processor seconds of this thread for one more point, drawn."""
    pixmap = QPixmap(plot.size())
    began = time.thread_time()
    plot.append(step, 1.5 + draw.gauss(0, 0.1))
    plot.redraw()
    plot.render(pixmap)
    return time.thread_time() - began


if __name__ == "__main__":
    main()
