"""What of a page is found again at the next start: its parts say so themselves, each under its name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget


class Keeper(QObject):
    """On a widget: `kept` returns what of it is kept, "" for nothing; `bring_back` takes that at the next start."""

    def __init__(
        self, widget: QWidget, name: str, kept: Callable[[], str], bring_back: Callable[[str], None]
    ) -> None:
        super().__init__(widget)
        self.name = name
        self.kept = kept
        self.bring_back = bring_back


def kept_in(widget: QWidget) -> dict[str, str]:
    """Return what is kept of all that a widget holds, by name."""
    return {each.name: text for each in widget.findChildren(Keeper) if (text := each.kept())}


def bring_back_in(widget: QWidget, kept: Mapping[str, str]) -> None:
    """Hand back what `kept_in` returned at an earlier start."""
    for each in widget.findChildren(Keeper):
        if each.name in kept:
            each.bring_back(kept[each.name])


def values_of(text: str) -> dict[str, Any]:
    """Return the values of a text that is an object in JSON; none where it can't be read."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
