"""The fields of a recipe with choices of their own: method, device, starting adapter, variant and layers.

What there is to choose from is passed in; no folder is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.api import METHODS, Adapter, Method, method, variants
from gui.forms.controls import ModuleChips, PatternsField
from gui.forms.form_layout import FormField
from gui.inputs.choices import Card, ChoiceCards
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import Field
from gui.look.format import bytes_text, compact
from gui.look.language import mark, tr, tr_count, translate
from gui.widgets.buttons import link
from gui.widgets.layouts import hbox, vbox

START_FROM = "method.start_from"
START_TITLE = mark("Continue from")
START_TOOLTIP = mark("Continue training this adapter, with the same base model and method.")
NO_ADAPTER = mark("none (new adapter)")
STANDARD_TITLE = mark("Standard")
CUSTOM = "custom"
METHOD_TOOLTIP = mark("Which parameters are trained, and how.")
VARIANT_TOOLTIP = mark("A published variant of the method, which sets its options.")
CUSTOM_FOOT = mark("The options match no variant.")


def offer_devices(choice: ComboBox, devices: Sequence[Mapping[str, Any]]) -> None:
    """Offer the devices of this computer; others can be typed, for recipes of another computer."""
    cards = sum(":" in str(device["id"]) for device in devices)
    several = [("all", tr("All GPUs"))] if cards > 1 else []
    choice.set_items(["auto", *several, *((str(device["id"]), _text(device)) for device in devices)])
    for key, device in enumerate(devices, start=1 + len(several)):
        choice.setItemData(key, _text(device), Qt.ItemDataRole.ToolTipRole)


def _text(device: Mapping[str, Any]) -> str:
    """Return a card as "cuda:1: NVIDIA L4, 24.2 GB", the processor as it stands in recipes."""
    name, memory = str(device.get("name", "")), device.get("memory_bytes")
    if device["id"] == "cpu" or not name:
        return str(device["id"])
    return f"{device['id']}: {translate(name)}" + (f", {bytes_text(memory)}" if memory else "")


class StartFromField(Field):
    """`chosen(adapter id)` reports a choice. A chosen adapter that no longer fits stays visible with the reason."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        self.choice = ComboBox([("", tr(NO_ADAPTER))])
        super().__init__(tr(START_TITLE), self.choice, tooltip=tr(START_TOOLTIP), parent=parent)
        # None until the library was read.
        self._adapters: list[Adapter] | None = None
        self._asked = ("", "", "")
        self.choice.chosen.connect(self.chosen)

    def offer(self, adapters: Sequence[Adapter]) -> None:
        self._adapters = list(adapters)
        self.show_origin(*self._asked)

    def show_origin(self, base_model: str, method_id: str, adapter_id: str) -> None:
        """Show the adapter that a recipe starts from ("" for none), with the possible ones."""
        self._asked = (base_model, method_id, adapter_id)
        fitting = [(one.id, one.name) for one in self._adapters or () if _fits(one, base_model, method_id)]
        if adapter_id and adapter_id not in dict(fitting):
            fitting.append((adapter_id, self._unfitting_text(adapter_id)))
        self.choice.set_items([("", tr(NO_ADAPTER)), *fitting])
        self.choice.set_key(adapter_id)

    def name_of(self, adapter_id: str) -> str:
        """Return the name of an adapter; its id if it is not in the library."""
        return next((one.name for one in self._adapters or () if one.id == adapter_id), adapter_id)

    def key(self) -> str:
        """Return the adapter shown, "" for none."""
        return self.choice.key()

    def choices(self) -> list[str]:
        """Return the ids to choose from, "" for none first."""
        return [str(self.choice.itemData(index)) for index in range(self.choice.count())]

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


def offer_modules(fields: Iterable[FormField], plan: dict[str, Any]) -> None:
    """Offer the base model's layers, and show how many the method adapts."""
    count = int(plan.get("matrices") or 0)
    matrices = tr_count(count, "{n} matrix", "{n} matrices")
    layers = tr_count(count, "{n} layer", "{n} layers")
    for field in fields:
        chooser = field.control.widget
        if not isinstance(chooser, (ModuleChips, PatternsField)):
            continue
        if isinstance(chooser, ModuleChips):
            chooser.offer(plan.get("modules") or {}, plan.get("targets") or ())
        if isinstance(field.around, Field):
            taken = matrices if isinstance(chooser, ModuleChips) else layers
            field.around.set_right(taken if count else "")


def offer_default(fields: Iterable[FormField], preset: dict[str, Any]) -> None:
    """Offer the layers of a preset as the default."""
    for field in fields:
        if isinstance(field.control.widget, ModuleChips):
            field.control.widget.set_default(preset.get(field.info.name))


def forget_modules(fields: Iterable[FormField]) -> None:
    """Offer no layers until a plan tells those of another base model."""
    for field in fields:
        if isinstance(field.control.widget, ModuleChips):
            field.control.widget.forget()
        if isinstance(field.control.widget, (ModuleChips, PatternsField)) and isinstance(field.around, Field):
            field.around.set_right("")


# What a newcomer chooses from: a method, or one of its variants after the slash, and what each is for.
GOOD_METHODS = {
    "lora": mark("A safe first choice: strong, small, easy to share."),
    "lora/qlora": mark("The same with the model in 4 bits, for large models."),
    "ia3": mark("The smallest adapter, for little data."),
    "full": mark("Trains every weight, for comparison. As large as the model."),
}


class MethodField(Field):
    """Four good methods as cards, the last one the method in use if it is another; all others behind a button.

    `chosen(method id, variant id)` reports a choice, `browse_requested` a press on the button.
    """

    chosen = Signal(str, str)
    browse_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self.cards = ChoiceCards()
        self.all_button = link(tr_count(len(METHODS), "All {n} method…", "All {n} methods…"))
        self._counts: dict[str, int | None] = {}
        self._is_read_only = False
        super().__init__(tr("Method"), self.cards, tooltip=tr(METHOD_TOOLTIP), parent=parent)
        self.cards.chosen.connect(self._emit_chosen)
        self.all_button.clicked.connect(self.browse_requested)

    def _lay_out(self) -> None:
        head = hbox((self._label, 1), self._right, self.all_button, spacing=8)
        vbox(head, self.cards, self.problem_line, self.helper, of=self, spacing=4)

    def show_method(self, method_id: str, variant_id: str | None) -> None:
        """Show the method in use, and its variant if that has a card of its own."""
        key = f"{method_id}/{variant_id}"
        key = key if key in GOOD_METHODS else method_id
        keys = [key] if self._is_read_only else list(GOOD_METHODS)
        if key not in keys:
            keys[-1] = key
        if keys != self.cards.offered():
            self.cards.offer([self._card(each) for each in keys], key)
        self.cards.set_current(key)

    def _card(self, key: str) -> Card:
        entry, _, variant_id = key.partition("/")
        titles = {one.id: one.title for one in method(entry).variants} | {"": method(entry).title}
        line = tr(GOOD_METHODS[key]) if key in GOOD_METHODS else translate(method(entry).summary)
        return Card(key, translate(titles[variant_id]), line, self._count_text(entry))

    def _count_text(self, method_id: str) -> str:
        count = self._counts.get(method_id)
        return tr("{count} parameters", count=compact(count)) if count is not None else ""

    def set_count(self, method_id: str, count: int | None) -> None:
        """Show how many parameters a method trains; None if unknown."""
        self._counts[method_id] = count
        for key in self.cards.offered():
            if key.partition("/")[0] == method_id:
                self.cards.say(key, self._count_text(method_id))

    def forget_counts(self) -> None:
        for method_id in list(self._counts):
            self.set_count(method_id, None)

    def set_read_only(self, read_only: bool) -> None:
        self._is_read_only = read_only
        self.all_button.setHidden(read_only)
        self.cards.setEnabled(not read_only)
        current = self.cards.current()
        if current:
            self.show_method(*current.split("/") if "/" in current else (current, None))

    def _emit_chosen(self, key: str) -> None:
        method_id, _, variant_id = key.partition("/")
        self.chosen.emit(method_id, variant_id)


class VariantField(Field):
    """`chosen(variant id)` reports a choice. Hidden for methods without variants."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        self.choice = ComboBox()
        super().__init__(tr("Variant"), self.choice, tooltip=tr(VARIANT_TOOLTIP), parent=parent)
        self.choice.chosen.connect(self._emit_chosen)

    def show_variant(self, entry: Method, variant_id: str | None) -> None:
        """Show the variant of a method in use; None if the options match none."""
        shown = [
            (variants.STANDARD, tr(STANDARD_TITLE)),
            *((one.id, translate(one.title)) for one in entry.variants),
        ]
        summaries = {one.id: translate(one.summary) for one in entry.variants}
        if variant_id is None:
            shown.append((CUSTOM, tr("Custom")))
        self.choice.set_items(shown)
        for index, (key, _title) in enumerate(shown):
            self.choice.setItemData(index, summaries.get(key, ""), Qt.ItemDataRole.ToolTipRole)
        self.choice.set_key(CUSTOM if variant_id is None else variant_id)
        self.set_helper_text(tr(CUSTOM_FOOT) if variant_id is None else summaries.get(variant_id, ""))

    def key(self) -> str:
        return self.choice.key()

    def choices(self) -> list[str]:
        return [self.choice.itemText(index) for index in range(self.choice.count())]

    def _emit_chosen(self, key: str) -> None:
        if key != CUSTOM:
            self.chosen.emit(key)
