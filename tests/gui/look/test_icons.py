"""Every icon loads, draws something, and in the ink it is asked for."""

import pytest
from PySide6.QtCore import QSize

from gui.look.icons import icon, icon_size, names, pixmap

IN_USE = {
    "data", "train", "arena", "library", "playground", "history", "settings", "help", "play", "pause", "stop", "search",
    "folder", "import", "export", "copy", "close", "more", "chevron-down", "chevron-up", "check", "warning", "problem",
    "arrow-up", "arrow-down", "equals", "pin", "lock", "trash", "undo", "plus", "thumb", "mark", "device", "clock",
}  # fmt: skip


def test_each_icon_loads_in_the_pixels_of_its_ratio_and_a_gap_widens_it(styled):
    assert set(names()) >= IN_USE
    for name in names():
        made = pixmap(name, "ink2", 16, 2.0)
        assert made.size() == QSize(32, 32), name
        assert made.deviceIndependentSize().toSize() == QSize(16, 16)
    drawn = icon("stop", gap=4).pixmap(icon_size(gap=4), 1.0)
    assert drawn.deviceIndependentSize().toSize() == QSize(20, 16)
    with pytest.raises(FileNotFoundError):
        pixmap("no-such-icon")
