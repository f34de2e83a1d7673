"""Which build of torch suits the graphics card that was found, and where it is fetched from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from engine.system.graphics import nvidia_smi
from engine.system.graphics.graphics_cards import Card
from engine.system.graphics.torch_build import LOWEST_CAPABILITY, OLDEST_DRIVER

PYTORCH = "https://download.pytorch.org/whl/"
# An administrator's own place of torch; empty for wherever pip looks anyway.
INDEX = "TUNESMITH_TORCH_INDEX"
# The CUDA of PyPI's build, and that of the build for older drivers and cards.
NEW_CUDA, OLD_CUDA = 13, 12


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


def _suited_to_nvidia(driver: str, capabilities: Sequence[tuple[int, int]]) -> Build:
    newest = OLDEST_DRIVER[NEW_CUDA]
    major = int(driver.partition(".")[0]) if driver[:1].isdigit() else newest
    if major < OLDEST_DRIVER[OLD_CUDA]:
        return BUILDS["cpu"]
    needed = LOWEST_CAPABILITY[NEW_CUDA]
    if major < newest or min(capabilities, default=needed) < needed:
        return BUILDS["cuda12"]
    return BUILDS["cuda"]


def _capabilities() -> list[tuple[int, int]]:
    """Return the compute capabilities of the cards, as far as their driver says."""
    cards = nvidia_smi.ask(with_processes=False).cards
    return [card.capability for card in cards if card.capability is not None]
