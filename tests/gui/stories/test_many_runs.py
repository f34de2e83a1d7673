"""Two hundred runs and two hundred adapters: both lists open, are filtered and walked by keys, and nothing freezes.

What would freeze the window is counted: files read in its thread, what is read again, and rows painted out of sight.
"""

import threading
from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.adapters import metadata
from engine.runs import run_summaries
from gui.tables.cell_delegate import RowDelegate
from tests.helpers.homes import MOMENT, RunSpec, add_adapter, add_run, make_recipe

MANY, EVERY = 200, 10
HOUR = 3600.0
# Of what is in sight, by one step: what was there before and what comes, and once more for the hover.
MOST_PAINTS = 3


@pytest.fixture
def full_home(home):
    """Fill the home with runs and adapters; every tenth run was stopped, every tenth adapter has another base model."""
    for number in range(MANY):
        is_tenth = number % EVERY == 0
        recipe = make_recipe(name=f"number {number}", base="owner/rare" if is_tenth else "starter")
        moment = MOMENT - number * HOUR
        outcome, checkpoint = ("stopped", 2) if is_tenth else ("completed", None)
        run = RunSpec(2, 4, outcome, started_at=moment, samples=0, checkpoint_at=checkpoint)
        add_run(recipe, run)
        add_adapter(f"number {number}", moment, recipe=recipe)
    return home


@pytest.fixture
def counts(monkeypatch):
    """Count what is read, by thread, and the cells that are painted."""
    counted: Counter[str] = Counter()

    def count(owner, name, key):
        usual = getattr(owner, name)

        def counting(*given, **named):
            in_window = threading.current_thread() is threading.main_thread()
            counted[f"{key} by the window" if in_window else key] += 1
            return usual(*given, **named)

        monkeypatch.setattr(owner, name, counting)

    count(run_summaries, "read_entry", "runs read")
    count(metadata, "load", "adapters read")
    count(RowDelegate, "paint", "painted")
    return counted


def cells_in_sight(view) -> int:
    rows = view.viewport().height() // view.rowHeight(1) + 2
    return rows * view.table().columnCount()


def walk(view, counts) -> list[int]:
    """Go through a list by page keys; return the rows that were chosen."""
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Home)
    rows = [view.currentIndex().row()]
    for key in [Qt.Key.Key_PageDown] * 3 + [Qt.Key.Key_End, Qt.Key.Key_PageUp]:
        counts.clear()
        QTest.keyClick(view, key)
        QTest.qWait(20)
        assert counts["painted by the window"] <= MOST_PAINTS * cells_in_sight(view)
        rows.append(view.currentIndex().row())
    return rows


def assert_walked(rows, last) -> None:
    """Assert that pages go down, End goes to the end, and a page up from there."""
    assert rows[0] < rows[1] < rows[2] < rows[3] < rows[4] == last
    assert rows[5] < last


@pytest.mark.usefixtures("styled")
@pytest.mark.slow("engine/runs/", "gui/models/", "gui/pages/train/", "gui/pages/library/", "gui/tables/")
def test_two_hundred_runs_and_adapters_are_listed_filtered_and_walked(story, full_home, counts):
    # Home would read the newest run as well.
    window = story.open("train")
    page = window.built("train").runs
    story.until(lambda: len(page.table.items()) == MANY)
    story.until(lambda: window.rail.item("library").badge == "200")
    assert counts["adapters read"] >= MANY
    assert counts["adapters read by the window"] == 0
    assert counts["runs read"] == MANY
    assert counts["runs read by the window"] == 0
    assert_walked(walk(page.view, counts), page.table.rowCount() - 1)

    page.show_only("resumable")
    assert len(page.table.items()) == MANY // EVERY
    page.show_only("all")
    QTest.keyClicks(page.search, "rare")
    story.until(lambda: len(page.table.items()) == MANY // EVERY)
    window.show_page("help")
    counts.clear()
    window.show_page("train")
    QTest.qWait(200)
    assert counts["runs read"] == counts["runs read by the window"] == 0

    page = window.show_built("library")
    story.until(lambda: len(page.table.items()) == MANY)
    assert_walked(walk(page.view, counts), page.table.rowCount() - 1)

    counts.clear()
    QTest.keyClicks(page.pane.search, "rare")
    story.until(lambda: len(page.table.items()) == MANY // EVERY)
    for key in ("train", "playground", "labelling", "library"):
        window.show_page(key)
    QTest.qWait(200)
    assert counts["adapters read"] == counts["adapters read by the window"] == 0
