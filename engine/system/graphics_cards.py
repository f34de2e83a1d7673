"""Which graphics cards this computer has that torch could compute on, told without torch.

Imports nothing but the standard library, since it is asked before there is any environment. Reads what Linux says of
its devices; elsewhere NVIDIA's own program is the one sign.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

NVIDIA_PCI, DISPLAY_CLASS = "0x10de", "0x03"
# What the ROCm builds of torch have kernels for; other cards of AMD's, most of those inside processors, they refuse.
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
    """A kind of card: its vendor, how it is called, and the version of its driver, empty if that is not there."""

    vendor: Literal["nvidia", "amd"]
    name: str
    driver: str


def find(system: Path = Path("/")) -> list[Card]:
    """Return the kinds of cards; `system` is where the computer's files begin."""
    return [*_nvidia(system), *_amd(system)]


def _nvidia(system: Path) -> list[Card]:
    driver = _nvidia_driver(system)
    on_the_bus = any(
        _read(device / "vendor") == NVIDIA_PCI and _read(device / "class").startswith(DISPLAY_CLASS)
        for device in (system / "sys/bus/pci/devices").glob("*")
    )
    if driver or on_the_bus:
        return [Card("nvidia", "NVIDIA card", driver)]
    return []


def _nvidia_driver(system: Path) -> str:
    found = re.search(r"\b\d{3}\.\d+(?:\.\d+)?\b", _read(system / "proc/driver/nvidia/version"))
    if found:
        return found[0]
    # Windows and Linux within it show no such file, but they have the program.
    return "unknown" if shutil.which("nvidia-smi") else ""


def _amd(system: Path) -> list[Card]:
    nodes = (system / "sys/class/kfd/kfd/topology/nodes").glob("*/properties")
    architectures = {architecture for node in nodes if (architecture := _architecture(_read(node)))}
    return [Card("amd", f"AMD card ({each})", "amdgpu") for each in sorted(architectures & AMD_ARCHITECTURES)]


def _architecture(properties: str) -> str:
    """Return the name of a node's architecture: 90010 is gfx90a, 110000 is gfx1100, and 0 a processor."""
    found = re.search(r"^gfx_target_version (\d+)$", properties, re.MULTILINE)
    number = int(found[1]) if found else 0
    return f"gfx{number // 10000}{number // 100 % 100:x}{number % 100:x}" if number else ""


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
