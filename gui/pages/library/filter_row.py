"""Narrows the library to a data set, a base model or a method. Knows the properties of adapters, not their list."""

from __future__ import annotations

import json
from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.api import Adapter
from gui.core.preferences import SavedState, values_of
from gui.inputs.combo_box import ComboBox
from gui.look import style
from gui.look.language import mark, tr
from gui.models.adapter_table import PROPERTIES
from gui.widgets.layouts import FlowBox

# The name of each choice, and what it says while it narrows nothing.
TITLES = {
    "data": (mark("Data"), mark("All data")),
    "base": (mark("Base model"), mark("All base models")),
    "method": (mark("Method"), mark("All methods")),
}


class FilterRow(FlowBox):
    """A choice for each property in which adapters differ; `changed` reports a choice by the user."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self.choices = {name: ComboBox() for name in PROPERTIES}
        super().__init__(list(self.choices.values()), parent=parent)
        self._restored: dict[str, str] = {}
        for name, choice in self.choices.items():
            title, everything = TITLES[name]
            choice.setAccessibleName(tr(title))
            style.scale(choice, QWidget.setFixedWidth, 184)
            choice.set_items([("", tr(everything))])
            choice.chosen.connect(self._on_chosen)
        SavedState(self, "properties", lambda: json.dumps(self.chosen()), self._restore)

    def offer(self, adapters: Iterable[Adapter]) -> None:
        """Offer what these adapters have; a choice that none has any more is dropped."""
        adapters = list(adapters)
        for name, choice in self.choices.items():
            found = dict(PROPERTIES[name](adapter) for adapter in adapters)
            items = sorted(found.items(), key=lambda item: item[1].casefold())
            choice.set_items([("", tr(TITLES[name][1])), *_told_apart(items)])
            if adapters and name in self._restored:
                choice.set_key(self._restored.pop(name))
            # A single value leaves nothing to narrow.
            choice.setVisible(len(items) > 1 or bool(choice.key()))

    def chosen(self) -> dict[str, str]:
        """Return the chosen key of each property, "" for all."""
        return {name: self._restored.get(name, choice.key()) for name, choice in self.choices.items()}

    def clear(self) -> None:
        self._restored = {}
        for choice in self.choices.values():
            choice.set_key("")

    def _on_chosen(self, _key: str) -> None:
        self._restored = {}
        self.changed.emit()

    def _restore(self, text: str) -> None:
        """Remember the choices of an earlier start until the library is read."""
        self._restored = {name: str(key) for name, key in values_of(text).items() if name in PROPERTIES}


def _told_apart(items: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return items with the whole key in place of a text that several share."""
    texts = [text for _, text in items]
    return [(key, text if texts.count(text) == 1 else key) for key, text in items]
