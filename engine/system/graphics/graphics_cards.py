"""Finds the GPUs that torch could use, without torch.

Reads Linux's device files; on other systems only nvidia-smi reveals a GPU.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

NVIDIA_PCI, DISPLAY_CLASS = "0x10de", "0x03"
# The architectures that ROCm builds of torch have kernels for; most integrated GPUs are not among them.
AMD_ARCHITECTURES = frozenset({
    "gfx900", "gfx906", "gfx908", "gfx90a", "gfx942", "gfx950", "gfx1030", "gfx1100", "gfx1101", "gfx1102",
    "gfx1150", "gfx1151", "gfx1200", "gfx1201",
})  # fmt: skip


@dataclass(frozen=True)
class Card:
    """A kind of GPU; `driver` is the version, "" if it is not installed."""

    vendor: Literal["nvidia", "amd"]
    name: str
    driver: str


def find(system: Path = Path("/")) -> list[Card]:
    """Return the kinds of GPUs; `system` is the root of the file system."""
    driver = _nvidia_driver(system)
    on_pci = any(
        _read(device / "vendor") == NVIDIA_PCI and _read(device / "class").startswith(DISPLAY_CLASS)
        for device in (system / "sys/bus/pci/devices").glob("*")
    )
    nodes = (system / "sys/class/kfd/kfd/topology/nodes").glob("*/properties")
    architectures = {architecture for node in nodes if (architecture := _architecture(_read(node)))}
    return [
        *([Card("nvidia", "NVIDIA GPU", driver)] if driver or on_pci else []),
        *(Card("amd", f"AMD GPU ({each})", "amdgpu") for each in sorted(architectures & AMD_ARCHITECTURES)),
    ]


def _nvidia_driver(system: Path) -> str:
    match = re.search(r"\b\d{3}\.\d+(?:\.\d+)?\b", _read(system / "proc/driver/nvidia/version"))
    if match:
        return match[0]
    # Windows and WSL only have the program.
    return "unknown" if shutil.which("nvidia-smi") else ""


def _architecture(properties: str) -> str:
    """Return the name of a node's architecture: 90010 is gfx90a, 110000 is gfx1100, 0 is a CPU."""
    match = re.search(r"^gfx_target_version (\d+)$", properties, re.MULTILINE)
    number = int(match[1]) if match else 0
    return f"gfx{number // 10000}{number // 100 % 100:x}{number % 100:x}" if number else ""


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
