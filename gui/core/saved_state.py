"""What of a page is found again at the next start: its parts say so themselves, each under its name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget


class SavedState(QObject):
    """On a widget: `save` returns what of it is kept, "" for nothing; `restore` takes that at the next start."""

    def __init__(
        self, widget: QWidget, name: str, save: Callable[[], str], restore: Callable[[str], None]
    ) -> None:
        super().__init__(widget)
        self.name = name
        self.save = save
        self.restore = restore


def saved_in(widget: QWidget) -> dict[str, str]:
    """Return what is kept of all that a widget holds, by name."""
    return {each.name: text for each in widget.findChildren(SavedState) if (text := each.save())}


def restore_in(widget: QWidget, save: Mapping[str, str]) -> None:
    """Hand back what `saved_in` returned at an earlier start."""
    for each in widget.findChildren(SavedState):
        if each.name in save:
            each.restore(save[each.name])


def values_of(text: str) -> dict[str, Any]:
    """Return the values of a text that is an object in JSON; none where it can't be read."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
