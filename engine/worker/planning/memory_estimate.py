"""Estimates a run's peak memory by parts, from the shapes of model and data alone.

    weights       frozen weights in their dtype; quantized layers with their scales
    adapter       what the method adds to them, trained or not
    gradients     one per trainable parameter
    optimizer     AdamW: two float32 values per trainable parameter; its 8-bit forms: two bytes and their scales;
                  Adafactor: one value per row and per column of a matrix
    activations   of the largest micro-batches, as `engine.worker.planning.meta_trace` finds them
    runtime       on a CPU: Python and the libraries, and gaps in the heap between activations; on a GPU: what its
                  driver keeps for the process, such as kernels and workspaces

Knows nothing of recipe files and events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from engine.config.recipe import BaseModelOptions
from engine.worker.modeling.architecture import ModelArchitecture, resident_bytes
from engine.worker.runtime.rank_group import BUCKET_BYTES

# Estimates are within 15 %: a run that may fit is not refused.
ESTIMATE_TOLERANCE = 1.15
FLOAT32_BYTES = 4
# Measured on a CPU, see tests/benchmarks/memory.py.
RUNTIME_BYTES = 680_000_000
# CUDA's context, cuBLAS workspaces and gaps between blocks; assumed, until measured on GPUs.
GPU_BYTES = 600_000_000
# Of another rank, without what it shares with files.
RANK_BYTES = 400_000_000
GAPS = 0.12
# bitsandbytes stores one scale per block of 8-bit optimizer states, and the states of small tensors in float32.
STATES_PER_SCALE = 256
MIN_8BIT_STATES = 4096


def memory(
    base: ModelArchitecture,
    model: Any,
    options: BaseModelOptions,
    optimizer: str,
    activations: int,
    *,
    device_type: str,
    replicas: int = 1,
    sums: bool = False,
) -> dict[str, int]:
    """Return the estimated bytes of each part of a run's peak memory; `model` is the base model with the adapter.

    A rank that `sums` gradients with others has copies of some of them meanwhile.
    `activations` are those of all `replicas`, the ranks that compute a step side by side. Each has all of the rest.
    """
    sums = sums or replicas > 1
    runtime = 0
    if device_type == "cpu":
        runtime = RUNTIME_BYTES + (replicas - 1) * RANK_BYTES + round(GAPS * activations)
    elif device_type in ("cuda", "xpu"):
        runtime = GPU_BYTES
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    gradients = sum(parameter.nbytes for parameter in trainable)
    return {
        "weights": replicas * base.weight_bytes(options),
        "adapter": replicas * (resident_bytes(model) - base.bytes),
        "gradients": replicas * (gradients + (min(gradients, BUCKET_BYTES) if sums else 0)),
        "optimizer": replicas
        * round(sum(_optimizer_bytes(parameter.shape, optimizer) for parameter in trainable)),
        "activations": activations + replicas * base.widest_bytes(options),
        "runtime": runtime,
    }


def sharded(parts: Mapping[str, int], processes: int, gathered: int) -> dict[str, int]:
    """Return the parts of one of several processes that share out the base model (FSDP). All have what is trained.

    `gathered` bytes of the base model's weights are whole in every process while it computes with them.
    """
    whole = parts["weights"]
    return {**parts, "weights": min(whole, -(-whole // processes) + gathered)}


def _optimizer_bytes(shape: torch.Size, optimizer: str) -> float:
    count = shape.numel()
    if optimizer == "adafactor":
        factored = len(shape) > 1 and count
        return FLOAT32_BYTES * (count / shape[-1] + count / shape[-2] if factored else count)
    if optimizer == "adamw" or count < MIN_8BIT_STATES:
        return 2 * FLOAT32_BYTES * count
    return 2 * count * (1 + FLOAT32_BYTES / STATES_PER_SCALE)
