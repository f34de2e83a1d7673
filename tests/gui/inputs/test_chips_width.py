"""Chips that are added later get the room of their lines."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from gui.inputs.chips import ToggleChips


def test_more_chips_than_a_line_holds_make_the_next_line_visible(qtbot, styled):
    parent = QWidget()
    qtbot.addWidget(parent)
    column = QVBoxLayout(parent)
    chips = ToggleChips(["v", "o"], ["v"])
    column.addWidget(chips)
    column.addWidget(QLabel("below"))
    column.addStretch()
    parent.resize(160, 300)
    parent.show()
    qtbot.waitExposed(parent)
    before = chips.height()

    chips.set_items(["q", "k", "v", "o", "wi_0", "wi_1", "wo"], ["v"])

    qtbot.waitUntil(lambda: chips.height() > before)
    assert chips.chips["wo"].geometry().bottom() < chips.height()
