"""Events of others may tell of more steps than can be drawn, or counted."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from gui.graphics.scrubber import MAX_DOTS, Scrubber


def test_steps_without_end_are_drawn_as_some(qtbot, monkeypatch):
    scrubber = Scrubber()
    qtbot.addWidget(scrubber)
    drawn: list[QPointF] = []
    monkeypatch.setattr(scrubber, "_dot", lambda *dot: drawn.append(dot))
    scrubber.set_steps(range(0, 20_000, 2), 10**18, range(1, 10**18, 3))
    scrubber.grab()
    assert MAX_DOTS < len(drawn) <= 2 * MAX_DOTS + 1
    assert scrubber.current() == 19_998
    scrubber._go_near(0.0)
    assert scrubber.current() == 0
