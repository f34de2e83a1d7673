"""Applies the style sheet to a widget again, after one of its properties has changed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def polish_again(widget: QWidget) -> None:
    """Apply the style sheet again; the font stays, where Qt would bring back that of an earlier text size."""
    font = widget.font()
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    if widget.testAttribute(Qt.WidgetAttribute.WA_SetFont):
        widget.setFont(font)
