"""The legend of a split bar has as many columns as its names and sizes need."""

from __future__ import annotations

from PySide6.QtGui import QFontMetrics

from gui.graphics.split_bar import Portion, SplitBar
from gui.look.fonts import font

LONG = ("Gewichte", "Adapter", "Gradienten", "Optimierer", "Aktivierungen", "Programm")


def test_no_name_runs_into_its_size_and_a_narrow_form_still_has_two_columns(qtbot):
    bar = SplitBar("Memory", expected=len(LONG))
    qtbot.addWidget(bar)
    bar.set_portions([Portion(name, 1.0, "1.135,1 MB", "accent") for name in LONG])
    name, size = QFontMetrics(font("label")), QFontMetrics(font("figure_small"))
    for width in (640, 760, 920, 1200):
        bar.resize(width, 80)
        for at, portion in enumerate(bar.portions):
            room = bar._entry_place(at).width()
            assert name.horizontalAdvance(portion.name) + size.horizontalAdvance(portion.text) + 14 <= room
    bar.resize(290, 80)
    assert bar._columns() == 2
