"""Every icon loads, draws something, and in the ink it is asked for."""

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon

from gui.look import style
from gui.look.icons import icon, icon_size, names, pixmap
from gui.look.tokens import DARK, LIGHT

IN_USE = {
    "data", "train", "arena", "library", "playground", "history", "settings", "help", "play", "pause", "stop", "search",
    "folder", "import", "export", "copy", "close", "more", "chevron-down", "chevron-up", "check", "warning", "problem",
    "arrow-up", "arrow-down", "equals", "pin", "lock", "trash", "undo", "plus", "thumb", "mark", "device", "clock",
}  # fmt: skip


def test_the_icons_the_pages_need_are_there():
    assert set(names()) >= IN_USE


def _inks(picture):
    image = picture.toImage()
    points = ((x, y) for x in range(image.width()) for y in range(image.height()))
    return {image.pixelColor(x, y).name().upper() for x, y in points if image.pixelColor(x, y).alpha() > 250}


@pytest.mark.parametrize("name", names())
def test_each_icon_draws_in_its_ink(styled, name):
    assert LIGHT.ink2 in _inks(pixmap(name, "ink2", 64))


def test_an_icon_follows_the_scheme(styled):
    style.apply(styled, "dark")
    assert DARK.accent in _inks(pixmap("mark", "accent", 64))


def test_a_pixmap_has_the_pixels_of_its_ratio(styled):
    made = pixmap("play", "ink2", 16, 2.0)
    assert made.size() == QSize(32, 32)
    assert made.deviceIndependentSize().toSize() == QSize(16, 16)


def test_a_disabled_icon_is_drawn_off(styled):
    drawn = icon("stop").pixmap(icon_size(), 1.0, QIcon.Mode.Disabled)
    assert LIGHT.off in _inks(drawn)


def test_a_gap_widens_the_icon_only(styled):
    drawn = icon("stop", gap=4).pixmap(icon_size(gap=4), 1.0)
    assert drawn.deviceIndependentSize().toSize() == QSize(20, 16)


def test_an_unknown_icon_is_an_error(styled):
    with pytest.raises(FileNotFoundError):
        pixmap("no-such-icon")
