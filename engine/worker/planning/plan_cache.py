"""Caches the sizes of plans without problems, so that a run need not plan again what its window has just planned.

Knows nothing of how plans are made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import BaseModel, Field

from engine.config.recipe import Recipe
from engine.config.run_identity import deciding
from engine.system import cache
from engine.system.versions import versions
from engine.worker.kernels import registry
from engine.worker.planning.requirements import ONE_PROCESS, Processes
from engine.worker.runtime import devices

# Part of every name: raised when the same recipe comes to another plan than before.
FORMAT = 6

Count = Annotated[int, Field(ge=0)]


class MicroBatch(BaseModel, frozen=True, extra="forbid"):
    """A micro-batch's shape, as `BatchShape.as_dict` returns it."""

    rows: Count
    input_length: Count
    label_length: Count
    learned_tokens: Count


class Sizes(BaseModel, frozen=True, extra="forbid"):
    """The part of a plan that its run reports: bytes of the adapter and of the peak memory by parts.

    `micro_batch` is the largest one, `micro_batch_tokens` what it may have, and `replicas` are the processes that
    compute a step side by side.
    """

    adapter_bytes: Count
    sized_by_training: bool
    bits_per_parameter: float | None
    memory: dict[str, Count]
    memory_bytes: Count
    micro_batch: MicroBatch
    replicas: Count
    micro_batch_tokens: Count


def path(
    recipe: Recipe, data: str, base: str, device: torch.device, processes: Processes = ONE_PROCESS
) -> Path:
    """Return the file of a recipe's plan; `data` and `base` are the fingerprints of conversations and base model."""
    way = {
        "format": FORMAT,
        "recipe": deciding(recipe, with_source=False),
        "data": data,
        "base": base,
        "processes": [processes.count, processes.sharded],
        "device": devices.name(device),
        "card": devices.card(device),
        "memory": devices.capacity_bytes(device),
        "threads": devices.threads(device),
        "versions": versions(),
        "patches": registry.active(device.type),
    }
    return cache.place("plan", way)


def load(file: Path) -> dict[str, Any] | None:
    """Return the sizes in a file, or None."""
    sizes = cache.load(file, Sizes)
    return sizes.model_dump() if sizes else None


def save(file: Path, sizes: dict[str, Any]) -> None:
    """Write sizes into a file."""
    cache.save(file, Sizes.model_validate(sizes))
