"""Dims parts of a page that show what may be out of date."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QGraphicsOpacityEffect, QWidget

OPACITY = 0.4


def dim(parts: Iterable[QWidget], dimmed: bool) -> None:
    """Dim widgets, or show them in full again."""
    for part in parts:
        effect = part.graphicsEffect()
        if effect is None:
            effect = opacity = QGraphicsOpacityEffect(part)
            opacity.setOpacity(OPACITY)
            part.setGraphicsEffect(opacity)
        effect.setEnabled(dimmed)
