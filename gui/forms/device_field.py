"""The choice of a device: every card by its name and memory, for the number that stands in the recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt

from gui.inputs.combo_box import ComboBox
from gui.look.format import bytes_text
from gui.look.language import tr, translate


def offer_devices(choice: ComboBox, devices: Sequence[Mapping[str, Any]]) -> None:
    """Offer the devices of this computer; others can be typed, for recipes of another computer."""
    cards = sum(":" in str(device["id"]) for device in devices)
    several = [("all", tr("All cards"))] if cards > 1 else []
    choice.set_items(["auto", *several, *((str(device["id"]), _text(device)) for device in devices)])
    for key, device in enumerate(devices, start=1 + len(several)):
        choice.setItemData(key, _text(device), Qt.ItemDataRole.ToolTipRole)


def _text(device: Mapping[str, Any]) -> str:
    """Return a card as "cuda:1: NVIDIA L4, 24.2 GB", the processor as it stands in recipes."""
    name, memory = str(device.get("name", "")), device.get("memory_bytes")
    if device["id"] == "cpu" or not name:
        return str(device["id"])
    return f"{device['id']}: {translate(name)}" + (f", {bytes_text(memory)}" if memory else "")
