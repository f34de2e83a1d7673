"""How much memory a run will take, estimated before it starts from the shapes of model and data alone.

    weights       the frozen numbers in their format; quantized layers with their scales
    adapter       what the method adds to them, trained or not
    gradients     one for each trained number
    optimizer     AdamW two float32 numbers for each trained one, its 8-bit forms two bytes with their scales,
                  Adafactor one number for each row and each column of a matrix
    activations   what the heaviest micro-batch keeps, as `engine.worker.planning.meta_trace` finds it
    runtime       on a processor: what Python and the libraries take, and the gaps that the heap leaves between
                  activations

Knows nothing of recipes' files and of events.
"""

from __future__ import annotations

from typing import Any

import torch

from engine.config.recipe import BaseModelOptions
from engine.worker.modeling.architecture import Outline, resident_bytes

FLOAT32_BYTES = 4
# Measured on a processor, see tests/benchmarks/memory.py.
RUNTIME_BYTES = 680_000_000
REPLICA_BYTES = 20_000_000
GAPS = 0.12
# bitsandbytes keeps one scale for so many 8-bit optimizer states; smaller tensors keep their states in float32.
STATES_A_SCALE = 256
FEWEST_8BIT_STATES = 4096


def memory(
    base: Outline,
    model: Any,
    options: BaseModelOptions,
    optimizer: str,
    activations: int,
    *,
    on_cpu: bool,
    replicas: int = 1,
) -> dict[str, int]:
    """Return the estimated bytes of each part of a run's peak; `model` is the base with the adapter on it.

    `activations` are those of all `replicas` that compute a step side by side, this process among them.
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return {
        "weights": base.weight_bytes(options),
        "adapter": resident_bytes(model) - base.bytes,
        "gradients": replicas * sum(parameter.nbytes for parameter in trained),
        "optimizer": round(sum(_optimizer_bytes(parameter.shape, optimizer) for parameter in trained)),
        "activations": activations + replicas * base.widest_bytes(options),
        "runtime": RUNTIME_BYTES + (replicas - 1) * REPLICA_BYTES + round(GAPS * activations)
        if on_cpu
        else 0,
    }


def _optimizer_bytes(shape: torch.Size, optimizer: str) -> float:
    numbers = shape.numel()
    if optimizer == "adafactor":
        factored = len(shape) > 1 and numbers
        return FLOAT32_BYTES * (numbers / shape[-1] + numbers / shape[-2] if factored else numbers)
    if optimizer == "adamw" or numbers < FEWEST_8BIT_STATES:
        return 2 * FLOAT32_BYTES * numbers
    return 2 * numbers * (1 + FLOAT32_BYTES / STATES_A_SCALE)
