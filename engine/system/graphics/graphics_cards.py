"""Finds the graphics cards that torch could use, without torch.

Reads Linux's device files; on other systems only nvidia-smi shows a card.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

NVIDIA_PCI, DISPLAY_CLASS = "0x10de", "0x03"
# The architectures with kernels in ROCm builds of torch; they refuse other AMD cards, as most integrated ones.
AMD_ARCHITECTURES = frozenset(
    f"gfx{number}"
    for number in (
        "900",
        "906",
        "908",
        "90a",
        "942",
        "950",
        "1030",
        "1100",
        "1101",
        "1102",
        "1150",
        "1151",
        "1200",
        "1201",
    )
)


@dataclass(frozen=True)
class Card:
    """A kind of card: its vendor, its name, and the version of its driver, "" if that is not installed."""

    vendor: Literal["nvidia", "amd"]
    name: str
    driver: str


def find(system: Path = Path("/")) -> list[Card]:
    """Return the kinds of cards; `system` is the root of the file system."""
    return [*_nvidia(system), *_amd(system)]


def _nvidia(system: Path) -> list[Card]:
    driver = _nvidia_driver(system)
    on_pci = any(
        _read(device / "vendor") == NVIDIA_PCI and _read(device / "class").startswith(DISPLAY_CLASS)
        for device in (system / "sys/bus/pci/devices").glob("*")
    )
    if driver or on_pci:
        return [Card("nvidia", "NVIDIA card", driver)]
    return []


def _nvidia_driver(system: Path) -> str:
    match = re.search(r"\b\d{3}\.\d+(?:\.\d+)?\b", _read(system / "proc/driver/nvidia/version"))
    if match:
        return match[0]
    # Windows and WSL have no such file, but they have the program.
    return "unknown" if shutil.which("nvidia-smi") else ""


def _amd(system: Path) -> list[Card]:
    nodes = (system / "sys/class/kfd/kfd/topology/nodes").glob("*/properties")
    architectures = {architecture for node in nodes if (architecture := _architecture(_read(node)))}
    return [Card("amd", f"AMD card ({each})", "amdgpu") for each in sorted(architectures & AMD_ARCHITECTURES)]


def _architecture(properties: str) -> str:
    """Return the name of a node's architecture: 90010 is gfx90a, 110000 is gfx1100, 0 is a processor."""
    match = re.search(r"^gfx_target_version (\d+)$", properties, re.MULTILINE)
    number = int(match[1]) if match else 0
    return f"gfx{number // 10000}{number // 100 % 100:x}{number % 100:x}" if number else ""


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
