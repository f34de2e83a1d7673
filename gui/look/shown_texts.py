"""Texts that may be names of others: in one line, without commands, shortened to a width, plain in tooltips."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, fields

from PySide6 import QtGui
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from engine.api import escaping, run_names

MENU_LETTERS = 60


@dataclass(frozen=True)
class ShownTexts:
    """A value whose texts are escaped when it is made. What finds it again, such as a key, is no text of it."""

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, str) and not value.isprintable():
                object.__setattr__(self, each.name, escaping.in_one_line(value))


def menu_text(name: str) -> str:
    """Return a name as the text of a menu's entry, in which "&" would mark a key; a very long one loses its middle.

    A menu is as wide as its longest entry, also if no screen is.
    """
    shown = escaping.in_one_line(name)
    if len(shown) > MENU_LETTERS:
        half = MENU_LETTERS // 2
        shown = f"{shown[:half].rstrip()}…{shown[-half:].lstrip()}"
    return shown.replace("&", "&&")


def told_apart(names: Sequence[str]) -> list[str]:
    """Return names of parts without those that all of them have; one that is left with none keeps its last part."""
    split = [name.split(run_names.SEPARATOR) for name in names]
    of_parts = [parts for parts in split if len(parts) > 1]
    own = [[part for part in parts if not all(part in other for other in of_parts)] for parts in split]
    return [run_names.SEPARATOR.join(kept or parts[-1:]) for kept, parts in zip(own, split, strict=True)]


def elided_name(name: str, metrics: QFontMetrics, width: int) -> str:
    """Return a name that fits into `width` pixels: each of its parts loses its middle, the longest ones first.

    Names differ in their data as often as at their end, so no part is lost as a whole while there is room for all.
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
    if not all(part.strip("…") for part in shown):
        return metrics.elidedText(name, Qt.TextElideMode.ElideLeft, width)
    return run_names.SEPARATOR.join(shown)


def plain_tooltip(text: str) -> str:
    """Return an escaped tooltip; Qt would render a text that looks like markup, links included."""
    text = escaping.escaped(text)
    if not QtGui.Qt.mightBeRichText(text):
        return text
    return f"<qt>{html.escape(text).replace(chr(10), '<br>')}</qt>"
