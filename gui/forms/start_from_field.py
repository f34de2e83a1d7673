"""The field "Continue from": no adapter, or one of the library's with the same base model and method.

Adapters are passed in; no folder is read.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.api import Adapter
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field
from gui.look.language import mark, tr

START_FROM = "method.start_from"
TITLE = mark("Continue from")
TOOLTIP = mark("The run continues the training of this adapter. It has the same base model and method.")
NONE = mark("none, a new adapter")


class StartFromField(Field):
    """`chosen(adapter id)` reports a choice. A chosen adapter that no longer fits stays visible with the reason."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._choice = ComboBox([("", tr(NONE))])
        super().__init__(tr(TITLE), self._choice, tooltip=tr(TOOLTIP), parent=parent)
        # None until the library was read.
        self._adapters: list[Adapter] | None = None
        self._asked = ("", "", "")
        self._choice.chosen.connect(self.chosen)

    def offer(self, adapters: Sequence[Adapter]) -> None:
        """Set the library's adapters."""
        self._adapters = list(adapters)
        self.show_origin(*self._asked)

    def show_origin(self, base_model: str, method_id: str, adapter_id: str) -> None:
        """Show the adapter that a recipe starts from ("" for none), with the possible ones."""
        self._asked = (base_model, method_id, adapter_id)
        fitting = [(one.id, one.name) for one in self._adapters or () if _fits(one, base_model, method_id)]
        if adapter_id and adapter_id not in dict(fitting):
            fitting.append((adapter_id, self._unfitting_text(adapter_id)))
        self._choice.set_items([("", tr(NONE)), *fitting])
        self._choice.set_key(adapter_id)

    def name_of(self, adapter_id: str) -> str:
        """Return the name of an adapter; its id if it is not in the library."""
        return next((one.name for one in self._adapters or () if one.id == adapter_id), adapter_id)

    def key(self) -> str:
        """Return the adapter shown, "" for none."""
        return self._choice.key()

    def choices(self) -> list[str]:
        """Return the ids to choose from, "" for none first."""
        return [str(self._choice.itemData(index)) for index in range(self._choice.count())]

    def _unfitting_text(self, adapter_id: str) -> str:
        """Return the adapter's name with why it can't be chosen; before the library was read it may well fit."""
        if self._adapters is None:
            return adapter_id
        known = any(one.id == adapter_id for one in self._adapters)
        why = tr("of another base model or method") if known else tr("not in the library")
        return f"{self.name_of(adapter_id)} ({why})"


def _fits(adapter: Adapter, base_model: str, method_id: str) -> bool:
    made = adapter.metadata
    return made.base_model.id == base_model and made.method.id == method_id
