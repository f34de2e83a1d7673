"""Which build of torch suits the graphics card that was found, and where it is fetched from."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from engine.system.graphics_cards import Card

PYTORCH = "https://download.pytorch.org/whl/"
# An administrator's own place of torch; empty for wherever pip looks anyway.
INDEX = "TUNESMITH_TORCH_INDEX"
# The CUDA that PyPI's build brings wants this driver, and a card of this compute capability.
DRIVER_OF_CUDA_13, CAPABILITY_OF_CUDA_13 = 580, 7.5
DRIVER_OF_CUDA_12 = 525
ASKING_SECONDS = 15


@dataclass(frozen=True)
class Build:
    """A build of torch: for what it is, its folder below PyTorch's (none: PyPI), and what all packages then take."""

    id: str
    title: str
    folder: str
    download_gigabytes: float
    disk_gigabytes: float

    def index(self) -> str:
        """Return the address of the index it is fetched from, empty for wherever pip looks anyway."""
        return os.environ.get(INDEX, PYTORCH + self.folder if self.folder else "")

    def words(self) -> str:
        """Return what it is for and what it takes, for people."""
        return (
            f"{self.title}: {self.download_gigabytes:g} GB to fetch, {self.disk_gigabytes:g} GB on the disk"
        )


BUILDS = {
    build.id: build
    for build in (
        Build("cuda", "For NVIDIA cards", "", 3.5, 8.5),
        Build("cuda12", "For older NVIDIA cards or drivers", "cu126", 3.2, 8),
        Build("rocm", "For AMD cards", "rocm7.2", 5, 17),
        Build("cpu", "For the processor alone", "cpu", 0.6, 2.5),
    )
}


def suited(cards: Sequence[Card]) -> Build:
    """Return the build for the first card that has a driver; without one, the processor's."""
    for card in cards:
        if card.vendor == "amd":
            return BUILDS["rocm"]
        if card.driver:
            return _suited_to_nvidia(card.driver, _capabilities())
    return BUILDS["cpu"]


def _suited_to_nvidia(driver: str, capabilities: Sequence[float]) -> Build:
    major = int(driver.partition(".")[0]) if driver[:1].isdigit() else DRIVER_OF_CUDA_13
    if major < DRIVER_OF_CUDA_12:
        return BUILDS["cpu"]
    if major < DRIVER_OF_CUDA_13 or min(capabilities, default=CAPABILITY_OF_CUDA_13) < CAPABILITY_OF_CUDA_13:
        return BUILDS["cuda12"]
    return BUILDS["cuda"]


def _capabilities() -> list[float]:
    """Ask NVIDIA's program for the cards' compute capabilities; none if it has no answer."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    command = [program, "--query-gpu=compute_cap", "--format=csv,noheader"]
    try:
        query = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=ASKING_SECONDS
        ).stdout
        return [float(line) for line in query.split()]
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return []
