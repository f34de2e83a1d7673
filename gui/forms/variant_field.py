"""The field "Variant": the standard method, or one of its published variants.

Knows the variants of an entry; the engine decides which is in use and what another one changes.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.api import Method, variants
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field
from gui.look.language import mark, tr, translate

STANDARD_TITLE = mark("Standard")
CUSTOM = "custom"
TOOLTIP = mark("A published variant of the method. Choosing it sets its options.")
CUSTOM_FOOT = mark("The options match no variant.")


class VariantField(Field):
    """`chosen(variant id)` reports a choice. Hidden for methods without variants."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._choice = ComboBox()
        super().__init__(tr("Variant"), self._choice, tooltip=tr(TOOLTIP), parent=parent)
        self._choice.chosen.connect(self._emit_chosen)

    def show_variant(self, entry: Method, variant_id: str | None) -> None:
        """Show the variant of a method in use; None if the options match none."""
        shown = [
            (variants.STANDARD, tr(STANDARD_TITLE)),
            *((one.id, translate(one.title)) for one in entry.variants),
        ]
        summaries = {one.id: translate(one.summary) for one in entry.variants}
        if variant_id is None:
            shown.append((CUSTOM, tr("Custom")))
        self._choice.set_items(shown)
        for index, (key, _title) in enumerate(shown):
            self._choice.setItemData(index, summaries.get(key, ""), Qt.ItemDataRole.ToolTipRole)
        self._choice.set_key(CUSTOM if variant_id is None else variant_id)
        self.set_foot(tr(CUSTOM_FOOT) if variant_id is None else summaries.get(variant_id, ""))
        self.setVisible(bool(entry.variants))

    def key(self) -> str:
        """Return the variant shown."""
        return self._choice.key()

    def choices(self) -> list[str]:
        """Return the titles to choose from."""
        return [self._choice.itemText(index) for index in range(self._choice.count())]

    def _emit_chosen(self, key: str) -> None:
        if key != CUSTOM:
            self.chosen.emit(key)
