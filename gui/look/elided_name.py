"""Shortens the name of a run or an adapter: to a width, or to what tells it apart."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from engine.api import run_names


def told_apart(names: Sequence[str]) -> list[str]:
    """Return names of parts without those that all of them have; one that is left with none keeps its last part."""
    split = [name.split(run_names.SEPARATOR) for name in names]
    of_parts = [parts for parts in split if len(parts) > 1]
    own = [[part for part in parts if not all(part in other for other in of_parts)] for parts in split]
    return [run_names.SEPARATOR.join(kept or parts[-1:]) for kept, parts in zip(own, split, strict=True)]


def elided_name(name: str, metrics: QFontMetrics, width: int) -> str:
    """Return a name that fits into `width` pixels: each of its parts loses its middle, the longest ones first.

    Names differ in their data as often as at their end, so no part may be lost as a whole.
    """
    if metrics.horizontalAdvance(name) <= width:
        return name
    parts = name.split(run_names.SEPARATOR)
    room = width - (len(parts) - 1) * metrics.horizontalAdvance(run_names.SEPARATOR)
    widths = [metrics.horizontalAdvance(part) for part in parts]
    shown = list(parts)
    for left, at in enumerate(sorted(range(len(parts)), key=widths.__getitem__)):
        share = max(0, room) // (len(parts) - left)
        shown[at] = metrics.elidedText(parts[at], Qt.TextElideMode.ElideMiddle, share)
        room -= min(widths[at], share)
    return run_names.SEPARATOR.join(shown)
