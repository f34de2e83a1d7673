"""A name that is too long keeps the beginning and the end of each part."""

import pytest
from PySide6.QtGui import QFontMetrics

from gui.look.fonts import font
from gui.look.shown_texts import elided_name, told_apart

LONG = "flan-t5-base · conversations-of-the-support-desk-2026.csv · LoRA r 32"


@pytest.fixture
def measured(styled):
    return QFontMetrics(font("body"))


def test_a_name_fits_and_keeps_all_its_parts(measured):
    assert elided_name(LONG, measured, 2_000) == LONG
    for name in (LONG, LONG.replace("LoRA", "Houlsby bottleneck adapter"), "x" * 300):
        for width in (120, 240, 360):
            shown = elided_name(name, measured, width)
            assert shown.count(" · ") == name.count(" · ")
            assert measured.horizontalAdvance(shown) <= width


def test_without_room_for_all_parts_the_end_is_kept(measured):
    shown = elided_name(LONG, measured, 60)
    assert shown.startswith("…")
    assert "r 32" in shown
    assert measured.horizontalAdvance(shown) <= 60


def test_the_longest_part_loses_its_middle_first(measured):
    shown = elided_name(LONG, measured, measured.horizontalAdvance(LONG) - 60)
    base, data, method = shown.split(" · ")
    assert (base, method) == ("flan-t5-base", "LoRA r 32")
    assert data.startswith("conv")
    assert data.endswith(".csv")


def test_names_are_told_apart_by_the_parts_that_differ():
    assert told_apart(["starter · sample · LoRA r 8", "starter · chats · LoRA r 8", "mine"]) == [
        "sample", "chats", "mine",
    ]  # fmt: skip
    assert told_apart(["starter · sample · LoRA r 8"]) == ["LoRA r 8"]
    assert told_apart(["mine"]) == ["mine"]
    assert told_apart([]) == []
