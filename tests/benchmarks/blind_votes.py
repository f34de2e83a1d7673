"""Does the page of blind comparisons answer a key at once when it has many votes?

Twelve systems on as many conversations as a comparison may have, with the votes of 500 pairs. An answer is the time
from the key until the next pair is painted, with the vote in its file: processor time of the window's thread, so that a
busy machine does not count.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine import voting
from engine.voting.comparisons import MAX_CONVERSATIONS, Conversation, System
from gui.look import style
from gui.pages.blind.page import BlindPage
from tests.benchmarks import data_check
from tests.helpers.benchmark_report import percentile, show
from tests.helpers.blind_stage import settle
from tests.helpers.blind_votes import vote_all

SYSTEMS, VOTES, KEYS, RUNS_OF_RESULTS = 12, 500, 60, 3
SIZE = (1232, 860)
TARGET = "50 ms"


def main() -> None:
    """Measure and print."""
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    style.apply(application, "light")
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNESMITH_HOME"] = home
        info = _comparison()
        work = voting.Voting(info, "Ann")
        work.set_goal(10 * VOTES)
        vote_all(work, most=VOTES)
        counting = [
            _milliseconds(lambda: voting.results(work.comparison, work.votes)) for _ in range(RUNS_OF_RESULTS)
        ]
        work.close()
        page = BlindPage()
        page.controller.voter = "Ann"
        page.resize(*SIZE)
        page.show()
        QTest.qWaitForWindowActive(page)
        opened = _milliseconds(lambda: _open(page, info))
        keys = [_answer(page, key) for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_Equal) * (KEYS // 3)]
        undone = [_answer(page, Qt.Key.Key_Backspace) for _ in range(KEYS // 3)]
        page.controller.close()
        page.close()
    show(
        f"Blind comparison, {VOTES} votes, {SYSTEMS} systems, {MAX_CONVERSATIONS:,} conversations",
        [
            ("a key, median", f"{statistics.median(keys):.1f} ms", TARGET),
            ("a key, 99th percentile", f"{percentile(keys, 0.99):.1f} ms", TARGET),
            ("undo, median", f"{statistics.median(undone):.1f} ms", TARGET),
            ("opened, with all votes", f"{opened:,.0f} ms", ""),
            (
                "strengths and intervals, off the window's thread",
                f"{statistics.median(counting):,.0f} ms",
                "",
            ),
        ],
    )


def _comparison() -> voting.ComparisonInfo:
    """Make a comparison of the data check's conversations, with a summary from each system."""
    systems = [System(name=f"System {number}", run=f"run-{number}") for number in range(SYSTEMS)]
    found = []
    for row in data_check.conversations():
        words = row["dialogue"].split()
        summaries = tuple(" ".join(words[number : number + 40]) for number in range(SYSTEMS))
        found.append(Conversation(id=row["id"], conversation=row["dialogue"], summaries=summaries))
        if len(found) == MAX_CONVERSATIONS:
            break
    return voting.create(systems, found, source="large.jsonl")


def _open(page: BlindPage, info: voting.ComparisonInfo) -> None:
    page.open_comparison(info.id)
    settle(page)


def _answer(page: BlindPage, key: Qt.Key) -> float:
    """Press a key and return the milliseconds until the next pair is painted."""
    before = page.vote.shown_texts(), len(page.controller.work.votes.votes) if page.controller.work else 0

    def act() -> None:
        QTest.keyClick(page.vote, key)
        QApplication.processEvents()
        page.vote.repaint()

    took = _milliseconds(act, time.thread_time)
    after = page.vote.shown_texts(), len(page.controller.work.votes.votes) if page.controller.work else 0
    assert before != after, "the key was not taken"
    return took


def _milliseconds(act: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    began = clock()
    act()
    return 1000 * (clock() - began)


if __name__ == "__main__":
    main()
