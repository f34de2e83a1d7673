"""Texts of data, models and files as tooltips: shown as they are, whatever markup they look like."""

from __future__ import annotations

import html

from PySide6 import QtGui


def as_said(text: str) -> str:
    """Return a text as a tooltip that shows just it: Qt takes what looks like markup for markup, links included."""
    return f"<qt>{html.escape(text)}</qt>" if QtGui.Qt.mightBeRichText(text) else text
