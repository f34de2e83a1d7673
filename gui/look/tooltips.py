"""Tooltips with texts of data, models and files: shown as plain text."""

from __future__ import annotations

import html

from PySide6 import QtGui

from engine.api import escaping


def plain_tooltip(text: str) -> str:
    """Return an escaped tooltip; Qt would render a text that looks like markup, links included."""
    text = escaping.escaped(text)
    if not QtGui.Qt.mightBeRichText(text):
        return text
    return f"<qt>{html.escape(text).replace(chr(10), '<br>')}</qt>"
