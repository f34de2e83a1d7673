"""The keys of a list with headings."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.runs.run_summaries import read_entry
from gui.models.run_table import RunTable
from gui.tables.grouped_view import GroupedTableView
from tests.helpers.homes import add_run, make_recipe, unsynced


def test_home_and_end_go_to_the_first_and_the_last_row(styled, qtbot, home):
    table = RunTable()
    view = GroupedTableView(table, "Runs")
    qtbot.addWidget(view)
    with unsynced():
        table.put([read_entry(add_run(make_recipe(name=f"run {number}"))) for number in range(5)])
    with qtbot.waitActive(view):
        view.show()
    view.setFocus()
    seen = []
    for key in (Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Home):
        QTest.keyClick(view, key)
        seen.append(view.current())
    first, *_, last = table.items()
    assert seen == [first, last, first]
