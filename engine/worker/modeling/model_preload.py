"""A base model that is in memory before a run asks for it: that of the run before, in a worker that waits for its job.

Only for a processor, and where memory allows: of a card nothing is taken for a run that may not come.
"""

from __future__ import annotations

from pathlib import Path

import torch

from engine.config.recipe import STARTER, BaseModelOptions, looks_like_path
from engine.errors import AppError
from engine.system import graphics_cards
from engine.worker.hub import repository
from engine.worker.modeling import base_models
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime import devices
from engine.worker.runtime.channel import Channel

# Of the memory that is free, the weights' files may have this part.
MOST_OF_ROOM = 1 / 4

# The one that waits, if any.
_waiting: list[LoadedBase] = []


class _Nobody:
    """Who hears how far the loading is, and might want it stopped."""

    def progress(self, done: int, total: int, unit: str) -> None:
        """Tell nobody."""

    def check_stop(self) -> None:
        """Go on."""


def load(options: BaseModelOptions) -> None:
    """Load a base model that is on this computer, if a run on it is likely to want it here and memory allows.

    What is wrong with it the run will say.
    """
    _waiting.clear()
    # A card is not looked for by torch before a run has said which of them it may see.
    if graphics_cards.find() or devices.choose("auto").type != "cpu":
        return
    try:
        folder = _here(options)
        if folder is not None and _weights_bytes(folder) <= MOST_OF_ROOM * devices.room_bytes(
            torch.device("cpu")
        ):
            _waiting.append(base_models.from_folder(folder, options, "cpu", _Nobody()))
    except AppError:
        return


def base(options: BaseModelOptions, device_name: str, channel: Channel) -> LoadedBase:
    """Return a base model on a device: the one that waits, if it is this one, or else loaded now.

    None waits any more then. Raises what `base_models.load` raises.
    """
    waiting = _waiting.pop() if _waiting else None
    if waiting is None or (waiting.options, waiting.device) != (options, devices.choose(device_name)):
        # Before the other is loaded, this one's memory is free.
        del waiting
        return base_models.load(options, device_name, channel)
    folder = base_models.folder_of(options, channel)
    if base_models.fingerprint(folder) == waiting.fingerprint:
        return waiting
    del waiting
    return base_models.from_folder(folder, options, device_name, channel)


def _here(options: BaseModelOptions) -> Path | None:
    """Return the folder of a base model if it is on this computer. Opens no connection."""
    if options.id == STARTER or looks_like_path(options.id):
        return base_models.local_folder(options.id)
    return repository.cached_folder(options.id, options.revision)


def _weights_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))
