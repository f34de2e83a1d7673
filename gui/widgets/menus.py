"""Makes menus from entries."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from engine.api import escaping
from gui.core import actions
from gui.core.actions import Entry

SEPARATOR: Entry = ("", lambda: None, "")


def make_menu(parent: QWidget, entries: Sequence[Entry]) -> QMenu:
    """Return a menu of entries that is deleted when it closes."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for text, operation, action_id in entries:
        if not text:
            menu.addSeparator()
            continue
        action = menu.addAction(escaping.in_one_line(text))
        if action_id:
            action.setShortcut(actions.action(action_id).keys[0])
        action.triggered.connect(lambda _checked=False, operation=operation: operation())
    return menu


def below(button: QWidget) -> QPoint:
    """Return the screen position of a button's menu."""
    return button.mapToGlobal(QPoint(0, button.height() + 4))
