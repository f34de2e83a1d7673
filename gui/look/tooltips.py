"""Texts of data, models and files as tooltips: shown as they are, whatever markup they look like."""

from __future__ import annotations

import html

from PySide6 import QtGui


def as_said(text: str) -> str:
    """Return a text as a tooltip that shows just it: Qt takes what looks like markup for markup, links included."""
    if not QtGui.Qt.mightBeRichText(text):
        return text
    return f"<qt>{html.escape(text).replace(chr(10), '<br>')}</qt>"
