"""What plans without a problem found, kept: a run need not find out again what its window has planned just now.

They can always be made again, so a file that can't be read is as good as none. All that a plan hangs on is in its
file's name. Knows nothing of how plans are made.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import BaseModel, Field, ValidationError

from engine.adapters.metadata import protocol_key
from engine.config.recipe import CHANGES, Recipe
from engine.errors import StorageError
from engine.system.files import write_atomically
from engine.system.paths import plans_folder
from engine.worker.dataset.batch_packing import Load
from engine.worker.kernels import registry
from engine.worker.runtime import devices
from engine.worker.runtime.versions import versions

# Part of every name: raised when the same recipe comes to another plan than before.
FORMAT = 4
# A form makes one with every edit; what goes first was not used for longest.
MOST_KEPT = 64

Count = Annotated[int, Field(ge=0)]


class Sizes(BaseModel, frozen=True, extra="forbid"):
    """What a run tells of its plan: bytes of the adapter and of the memory by its parts, and how steps are computed.

    `micro_batch` is the heaviest, and `replicas` are the processes that compute a step side by side.
    """

    adapter_bytes: Count
    sized_by_training: bool
    bits_per_parameter: float | None
    memory: dict[str, Count]
    memory_bytes: Count
    micro_batch: Load
    replicas: Count


class _File(BaseModel):
    kept_schema: Literal[1]
    sizes: Sizes


def place(recipe: Recipe, data: str, base: str, device: torch.device) -> Path:
    """Return the place of a recipe's plan; `data` and `base` are the fingerprints of conversations and base model."""
    tables = recipe.as_tables()
    # What a run is called, which way its recipe has come and where its conversations lie changes nothing of what it is.
    decides = {key: value for key, value in tables.items() if key not in {"name", CHANGES}}
    decides["data"] = {key: value for key, value in tables["data"].items() if key != "source"}
    way = {
        "format": FORMAT,
        "recipe": decides,
        "data": data,
        "base": base,
        "device": str(device),
        "memory": devices.capacity_bytes(device),
        "threads": devices.threads(device),
        "versions": versions(),
        "patches": registry.active(device.type),
    }
    return plans_folder() / f"{protocol_key(way)}.json"


def load(path: Path) -> dict[str, Any] | None:
    """Return the sizes that were kept there, or None."""
    try:
        found = _File.model_validate_json(path.read_bytes(), strict=True).sizes
        os.utime(path)
    except (OSError, ValidationError):
        return None
    return found.model_dump()


def save(path: Path, sizes: dict[str, Any]) -> None:
    """Keep sizes. A disk without room for what only saves time is no reason to end anything."""
    file = _File(kept_schema=1, sizes=Sizes.model_validate(sizes))
    with suppress(StorageError, OSError):
        write_atomically(path, file.model_dump_json())
        _drop_oldest(path.parent)


def _drop_oldest(folder: Path) -> None:
    used = []
    for path in folder.glob("*.json"):
        # Another worker may have dropped it just now.
        with suppress(OSError):
            used.append((path.stat().st_mtime, path))
    for _, path in sorted(used, reverse=True)[MOST_KEPT:]:
        path.unlink(missing_ok=True)
