from __future__ import annotations

from PySide6.QtCore import QMargins, Qt
from PySide6.QtWidgets import QLabel, QWidget

from gui.widgets.layouts import hbox, vbox


def test_parts_stand_in_order_with_their_stretches(qtbot):
    whole, first, last = QWidget(), QLabel("first"), QLabel("last")
    qtbot.addWidget(whole)
    row = hbox((first, 2), 1, (last, 0, Qt.AlignmentFlag.AlignTop), of=whole, spacing=6)
    assert whole.layout() is row
    assert [row.stretch(at) for at in range(row.count())] == [2, 1, 0]
    assert row.itemAt(0).widget() is first
    assert row.itemAt(2).alignment() == Qt.AlignmentFlag.AlignTop
    assert row.spacing() == 6


def test_a_column_holds_rows_and_has_no_margins_unless_they_are_asked_for(qtbot):
    whole = qtbot.add(QWidget())
    row = hbox(QLabel("inside"), margins=(1, 2, 3, 4))
    column = vbox((row, 1), of=whole)
    assert column.itemAt(0).layout() is row
    assert column.contentsMargins() == QMargins()
    assert row.contentsMargins() == QMargins(1, 2, 3, 4)
    assert vbox(margins=9).contentsMargins() == QMargins(9, 9, 9, 9)
