"""The keys of the labelling page on one line: nearly all of the work is done with them."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.core import actions
from gui.look.language import tr
from gui.widgets.flow_layout import FlowLayout
from gui.widgets.labels import Label, Tag

# The editor has the focus nearly always, so none of them is a key that types.
KEYS = tuple(each.id.partition(".")[2] for each in actions.in_scope("labelling") if not each.is_pressed)


def keys_text(name: str) -> str:
    """Return the keys of what the page calls by this name, as this system writes them."""
    return actions.keys_text(f"labelling.{name}")


class ShortcutsLine(QWidget):
    """Every key with its act; wraps where there is no room."""

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
