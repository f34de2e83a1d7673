"""Does the labelling page stay fluent with a set as large as one may be? Opening, typing, accepting, ordering.

The conversations are those of the data check's benchmark. What one act costs is processor time of the window's
thread, so that a busy machine does not count.
"""

from __future__ import annotations

import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

from PySide6.QtCore import QEventLoop, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.api import Example, labelling
from gui.look import style
from gui.pages.labelling.page import LabellingPage
from gui.workers.worker_manager import WorkerManager
from tests.benchmarks import data_check
from tests.helpers.benchmark_report import peak_resident, percentile, show
from tests.helpers.event_loop_latency import EventLoopLatency

ACTS = 8
TYPED = "They agree to meet at six. "
SIZE = (1232, 860)
Rows = list[tuple[str, str, str]]


def main() -> None:
    """Measure and print; an argument is another number of conversations than the most there may be."""
    count = int(sys.argv[1]) if sys.argv[1:] else labelling.MAX_CONVERSATIONS
    application = QApplication.instance() or QApplication([])
    style.apply(application, "light")
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNESMITH_HOME"] = home
        examples = (
            Example(row["id"], row["dialogue"], "")
            for row in itertools.islice(data_check.conversations(), count)
        )
        about = labelling.create("Large", "large.jsonl", examples)
        manager = WorkerManager()
        page = LabellingPage(manager)
        page.resize(*SIZE)
        page.show()
        rows = [
            *_opened(page, about.id),
            *_worked(page, "as given"),
            *_compared(page),
            *_worked(page, "least like"),
            ("most memory of the process", f"{peak_resident(os.getpid()) / 1e6:,.0f} MB", ""),
        ]
        page.controller.close()
        page.close()
        manager.leave()
    show(f"Labelling, {count:,} conversations", rows)


def _opened(page: LabellingPage, set_id: str) -> Rows:
    latency, began = _watched(page.controller.opened.connect, lambda: page.controller.open(set_id))
    return [("opened", f"{began:.1f} s", ""), *_late("opened", latency)]


def _compared(page: LabellingPage) -> Rows:
    latency, took = _watched(
        page.controller.item_order.compared.connect, lambda: page.controller.choose_order("unlike")
    )
    return [("all words compared, once", f"{took:.1f} s", ""), *_late("compared", latency)]


def _watched(
    connect: Callable[[Callable[[], None]], object], begin: Callable[[], None]
) -> tuple[EventLoopLatency, float]:
    """Begin something, wait until it is told, and return how late the window's timer was meanwhile, and the seconds."""
    latency, loop = EventLoopLatency(), QEventLoop()
    connect(loop.quit)
    latency.start()
    began = time.perf_counter()
    begin()
    loop.exec()
    took = time.perf_counter() - began
    latency.stop()
    return latency, took


def _late(what: str, latency: EventLoopLatency) -> Rows:
    return [
        (
            f"10 ms timer late while it is {what}, 99th percentile",
            f"{percentile(latency.delays, 0.99):.1f} ms",
            "",
        )
    ]


def _worked(page: LabellingPage, order: str) -> Rows:
    """Write, accept, go elsewhere by the list, again and again."""
    edit, view = page.summary.edit, page.items.view
    keys, accepts, goes = [], [], []
    for turn in range(ACTS):
        QTest.keyClicks(edit, f"{turn} ")
        keys += [_cost(lambda letter=letter: QTest.keyClick(edit, letter)) for letter in TYPED]
        accepts.append(
            _cost(lambda: QTest.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier))
        )
        goes.append(_cost(lambda place=1_000 * turn: view.setCurrentIndex(view.table().index(place, 0))))
    return [
        (f"a key, {order}, median", f"{statistics.median(keys):.1f} ms", "16 ms"),
        (f"accept and go on, {order}, median", f"{statistics.median(accepts):.0f} ms", "100 ms"),
        (f"go elsewhere in the list, {order}, median", f"{statistics.median(goes):.0f} ms", "100 ms"),
    ]


def _cost(act: Callable[[], object]) -> float:
    """Return the milliseconds of this thread that an act takes, painting included."""
    began = time.thread_time()
    act()
    QApplication.processEvents()
    return 1000 * (time.thread_time() - began)


if __name__ == "__main__":
    main()
