"""Menus stay clear of the edges of the screen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMargins
from PySide6.QtWidgets import QWidget

from gui.widgets.menus import make_menu


# The offscreen platform has no keyboard to grab.
@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_a_menu_keeps_a_margin_to_every_edge(styled, qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    page.show()
    room = page.screen().availableGeometry()
    menu = make_menu(page, [("Open", lambda: None, ""), ("Delete permanently", lambda: None, "")])
    for corner in (room.topLeft(), room.topRight(), room.bottomLeft(), room.bottomRight()):
        menu.popup(corner)
        assert room.marginsRemoved(QMargins(15, 15, 15, 15)).contains(menu.geometry())
        menu.close()
