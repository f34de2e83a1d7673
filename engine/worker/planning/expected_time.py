"""Estimates how long a run takes on a device, from the shapes of model and data and the device's speed.

Counts the multiplications of learning and of writing summaries. Rough: a run with other work beside it takes longer.
Knows nothing of earlier runs, which tell better.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean
from typing import Any

import torch

from engine.config.recipe import Recipe
from engine.config.training import evaluation_interval, total_steps
from engine.data import Split
from engine.methods import Family
from engine.worker.modeling.architecture import ModelArchitecture
from engine.worker.runtime import devices

# The part of a device's speed at plain products that a run reaches. Measured on a CPU with the starter, with
# flan-t5-small's shape and a Llama of 12 layers; on GPUs it is assumed.
LEARNING_EFFICIENCY, WRITING_EFFICIENCY = 0.35, 0.25
# From Start to the first step: libraries, weights, the check of the data.
START_SECONDS = 10.0
# Operations of a block are started one after another, however small they are.
SECONDS_PER_BLOCK = 0.0004
# Rows that write at once.
WRITING_ROWS = 32
# The product that a device is timed with: rows, and the least and most columns.
CPU_ROWS, GPU_ROWS = 256, 4096
MIN_WIDTH, MAX_CPU_WIDTH, MAX_GPU_WIDTH = 64, 1024, 4096
TIMED_TURNS = 6


@dataclass(frozen=True)
class TokenWork:
    """The multiplications of a base model: for a token that it reads, and for one of the summary with the head."""

    read: int
    label: int
    blocks: int

    def forward(self, read: float, labels: float) -> float:
        """Return the floating-point operations of a forward pass: a multiplication and an addition each."""
        return 2 * (self.read * read + self.label * labels)


def token_work(model: Any, architecture: ModelArchitecture, family: Family) -> TokenWork:
    """Return the work of a base model. An encoder reads the conversation, its decoder the summary alone."""
    weights = sum(layer.num_parameters for layer in architecture.layers.values())
    encoder = sum(
        layer.num_parameters for name, layer in architecture.layers.items() if "encoder" in name.split(".")
    )
    head = model.get_output_embeddings()
    head_weights = 0 if head is None else head.weight.numel()
    blocks = sum(architecture.blocks().values())
    if family == "encoder-decoder":
        return TokenWork(encoder, weights - encoder + head_weights, blocks)
    return TokenWork(weights, weights + head_weights, blocks)


def run_seconds(
    recipe: Recipe,
    work: TokenWork,
    trained_share: float,
    lengths: Sequence[tuple[int, int]],
    examples: Mapping[Split, int],
    speed: float,
) -> float | None:
    """Return the seconds of a run, None without examples.

    `lengths` are the input and label tokens of training examples, `examples` the size of each split, and `speed` the
    device's floating-point operations per second. A trained weight takes a gradient of its own beside that of its
    input.
    """
    if not lengths:
        return None
    read, labels = fmean(pair[0] for pair in lengths), fmean(pair[1] for pair in lengths)
    forward = work.forward(read, labels)
    training = recipe.training
    steps = total_steps(len(lengths), training)[0] if recipe.method.method.trains else 0
    passes = 2 + trained_share + training.activation_checkpointing
    learning = passes * forward * training.batch_size * steps
    checks = steps and 1 + math.ceil(
        steps / (training.evaluate_every or evaluation_interval(len(lengths), training))
    )
    learning += checks * forward * examples.get("validation", 0)
    seconds = learning / (LEARNING_EFFICIENCY * speed) + 3 * steps * work.blocks * SECONDS_PER_BLOCK
    if training.max_minutes and recipe.method.method.trains:
        seconds = min(seconds, 60 * training.max_minutes)
    # Base model and adapter summarise the conversations that are scored.
    options = recipe.evaluation
    count = examples.get(options.split, 0)
    count = min(count, options.examples) if options.examples else count
    tokens = options.max_new_tokens
    operations = count * work.forward(read, tokens * options.beams)
    started = math.ceil(count * options.beams / WRITING_ROWS) * tokens * work.blocks * SECONDS_PER_BLOCK
    return START_SECONDS + seconds + 2 * (operations / (WRITING_EFFICIENCY * speed) + started)


def device_speed(device: torch.device, dtype: torch.dtype, architecture: ModelArchitecture) -> float:
    """Return the floating-point operations per second of a device at products as wide as the model's layers."""
    widths = sorted(min(layer.inputs, layer.outputs) for layer in architecture.layers.values())
    width = widths[len(widths) // 2] if widths else 1
    # A power of two, so that models of like width share a measurement.
    exponent = max(MIN_WIDTH, width).bit_length() - 1
    widest = MAX_CPU_WIDTH if device.type == "cpu" else MAX_GPU_WIDTH
    return _speed(device, dtype, min(1 << exponent, widest))


@cache
def _speed(device: torch.device, dtype: torch.dtype, width: int) -> float:
    rows = CPU_ROWS if device.type == "cpu" else GPU_ROWS
    with torch.inference_mode(), devices.using_threads(devices.threads(device)):
        inputs = torch.ones(rows, width, device=device, dtype=dtype)
        weights = torch.ones(width, width, device=device, dtype=dtype)
        best = math.inf
        for _ in range(1 + TIMED_TURNS):
            start = time.perf_counter()
            # One value comes back, so that a GPU has finished.
            torch.nn.functional.linear(inputs, weights)[0, 0].item()
            best = min(best, time.perf_counter() - start)
    return 2.0 * rows * width * width / best
