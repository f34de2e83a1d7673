"""The fields that choose layers of the base model, filled by a plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gui.forms.controls import PatternsField
from gui.forms.field_grid import FormField
from gui.forms.module_chips import ModuleChips
from gui.inputs.fields import Field
from gui.look.language import tr_count


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
