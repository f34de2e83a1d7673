"""The keys of the labelling page: which there are, and a line that shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.widgets.flow import FlowLayout
from gui.widgets.labels import Label, Tag

# The editor has the focus nearly always, so none of them is a key that types.
KEYS = {
    "accept": ("Ctrl+Return", "Accept and go on"),
    "draft": ("Ctrl+D", "Draft"),
    "skip": ("Ctrl+Shift+Return", "Skip"),
    "undo": ("Ctrl+Z", "Undo"),
    "redo": ("Ctrl+Shift+Z", "Redo"),
    "forward": ("Ctrl+PgDown", "Next"),
    "back": ("Ctrl+PgUp", "Back"),
    "to_list": ("Ctrl+L", "List"),
}


def native(key: str) -> str:
    """Return a key as this system writes it."""
    return QKeySequence(KEYS[key][0]).toString(QKeySequence.SequenceFormat.NativeText)


def bind(page: QWidget, acts: Mapping[str, Callable[[], object]]) -> None:
    """Let the keys do their acts while the page is in front."""
    for key, act in acts.items():
        shortcut = QShortcut(QKeySequence(KEYS[key][0]), page, act)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)


class KeysLine(QWidget):
    """Every key with its act; wraps where there is no room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        flow = FlowLayout(self, 12)
        for key, (_, title) in KEYS.items():
            flow.addWidget(_key(native(key), title))
        flow.addWidget(
            _key(QKeySequence("PgDown").toString(QKeySequence.SequenceFormat.NativeText), "Read on")
        )


def _key(key: str, title: str) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    row.addWidget(Tag(key))
    row.addWidget(Label(title, "label", "ink3"))
    return made
