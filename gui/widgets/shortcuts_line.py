"""The shortcuts of a page on one line, since most of its work is done by keyboard."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from gui.core import actions
from gui.look.language import tr
from gui.widgets.flow_layout import FlowLayout
from gui.widgets.labels import Label, Tag
from gui.widgets.layouts import hbox


class ShortcutsLine(QWidget):
    """Every shortcut of a scope with its action; wraps in a narrow window."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        flow = FlowLayout(self, 12)
        for each in actions.in_scope(scope):
            flow.addWidget(_key(actions.native(each.keys[0]), tr(each.title)))


def _key(key: str, title: str) -> QWidget:
    made = QWidget()
    hbox(Tag(key), Label(title, "label", "hint"), of=made, spacing=6)
    return made
