"""The shortcuts of the labelling page on one line, since most of the work is done by keyboard."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.core import actions
from gui.look.language import tr
from gui.widgets.flow_layout import FlowLayout
from gui.widgets.labels import Label, Tag

# The editor nearly always has the focus, so no shortcut is a key that types.
KEYS = tuple(each.id.partition(".")[2] for each in actions.in_scope("labelling") if not each.is_pressed)


def keys_text(name: str) -> str:
    """Return the shortcut of an action of this page, as this system writes it."""
    return actions.keys_text(f"labelling.{name}")


class ShortcutsLine(QWidget):
    """Every shortcut with its action; wraps in a narrow window."""

    def __init__(self) -> None:
        super().__init__()
        flow = FlowLayout(self, 12)
        for each in actions.in_scope("labelling"):
            flow.addWidget(_key(actions.native(each.keys[0]), tr(each.title)))


def _key(key: str, title: str) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    row.addWidget(Tag(key))
    row.addWidget(Label(title, "label", "ink3"))
    return made
