"""Saves the state of widgets between starts: each part of a page declares its own, under a name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget


class SavedState(QObject):
    """The state of a widget: `save` returns it as text (empty for nothing), `restore` takes it at the next start."""

    def __init__(
        self, widget: QWidget, name: str, save: Callable[[], str], restore: Callable[[str], None]
    ) -> None:
        super().__init__(widget)
        self.name = name
        self.save = save
        self.restore = restore


def saved_in(widget: QWidget) -> dict[str, str]:
    """Return the states of all parts of a widget, by name."""
    return {each.name: text for each in widget.findChildren(SavedState) if (text := each.save())}


def restore_in(widget: QWidget, save: Mapping[str, str]) -> None:
    """Restore the states that `saved_in` returned at an earlier start."""
    for each in widget.findChildren(SavedState):
        if each.name in save:
            each.restore(save[each.name])


def values_of(text: str) -> dict[str, Any]:
    """Return the values of a JSON object; an empty dict if the text is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
