"""How much memory a run will take, estimated before it starts from the shapes of model and data alone.

    weights       the frozen numbers in their format; quantized layers with their scales
    adapter       what the method adds to them, trained or not
    gradients     one for each trained number
    optimizer     AdamW two float32 numbers for each trained one, its 8-bit forms two bytes with their scales,
                  Adafactor one number for each row and each column of a matrix
    activations   what the heaviest micro-batch keeps, as `engine.worker.rehearsal` finds it
    runtime       on a processor: what Python and the libraries take, and the gaps that the heap leaves between
                  activations

Knows nothing of recipes' files and of events.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch
from transformers.pytorch_utils import Conv1D
from transformers.quantizers.base import HfQuantizer
from transformers.quantizers.quantizers_utils import should_convert_module

from engine.recipe import BaseModelOptions

FLOAT32_BYTES = 4
# Measured on a processor, see tests/benchmarks/memory.py.
RUNTIME_BYTES = 680_000_000
REPLICA_BYTES = 20_000_000
GAPS = 0.12
# bitsandbytes: weights that share a scale in 4 bits, scales that share a scale of their own when they are quantized
# again, and optimizer states that share one in 8 bits. Smaller tensors keep their states in float32.
WEIGHTS_A_SCALE = 64
SCALES_A_SCALE = 256
STATES_A_SCALE = 256
FEWEST_8BIT_STATES = 4096


@dataclass(frozen=True)
class Layer:
    """A linear layer of a base model; `quantizable` if bitsandbytes would put it into fewer bits."""

    inputs: int
    outputs: int
    quantizable: bool

    @property
    def numbers(self) -> int:
        """The weight's numbers, without a bias."""
        return self.inputs * self.outputs

    def bits(self, options: BaseModelOptions) -> float:
        """Return the bits that a weight's number takes when quantized, scales included."""
        if options.quantization == "int8":
            return 8 + 32 / self.inputs
        scale = 8 + 32 / SCALES_A_SCALE if options.double_quantization else 32
        return 4 + scale / WEIGHTS_A_SCALE


@dataclass(frozen=True)
class Outline:
    """What a base model consists of: its linear layers by name but the output head, and its size.

    `numbers` counts its parameters, 4-bit ones as what they stand for.
    """

    layers: dict[str, Layer]
    numbers: int
    bytes: int
    value_bytes: int

    @property
    def numbers_a_token(self) -> int:
        """The numbers that the linear layers make of a token."""
        return sum(layer.outputs for layer in self.layers.values())

    def modules(self) -> dict[str, int]:
        """Return how often each name of a linear layer occurs."""
        return dict(Counter(name.rpartition(".")[2] for name in self.layers))

    def blocks(self) -> dict[str, int]:
        """Return how many blocks encoder and decoder have; a model with one stack has a decoder only."""
        stacks: dict[str, set[str]] = {}
        for name in self.layers:
            parts = name.split(".")
            number = next((part for part in parts if part.isdigit()), None)
            if number is not None:
                stacks.setdefault("encoder" if "encoder" in parts else "decoder", set()).add(number)
        return {stack: len(numbers) for stack, numbers in stacks.items()}

    def bits_per_parameter(self, options: BaseModelOptions) -> float | None:
        """Return the mean bits of a number in the quantized layers, None for an unquantized base."""
        quantized = [layer for layer in self.layers.values() if layer.quantizable]
        numbers = sum(layer.numbers for layer in quantized)
        if options.quantization == "none" or not numbers:
            return None
        return sum(layer.numbers * layer.bits(options) for layer in quantized) / numbers

    def weight_bytes(self, options: BaseModelOptions) -> int:
        """Return what the frozen weights take in memory."""
        bits = self.bits_per_parameter(options)
        if bits is None:
            return self.bytes
        numbers = sum(layer.numbers for layer in self.layers.values() if layer.quantizable)
        return round(self.bytes - numbers * (self.value_bytes - bits / 8))

    def widest_bytes(self, options: BaseModelOptions) -> int:
        """Return the size of the largest quantized weight when it is unpacked to compute with it."""
        if options.quantization == "none":
            return 0
        quantized = (layer.numbers for layer in self.layers.values() if layer.quantizable)
        return max(quantized, default=0) * self.value_bytes


def outline(model: Any) -> Outline:
    """Return the outline of a base model without adapters, on whatever device (meta will do)."""
    head = model.get_output_embeddings()
    kept = HfQuantizer.get_modules_to_not_convert(model, None, model._keep_in_fp32_modules)
    layers = {
        name: Layer(*_sizes(module), should_convert_module(name, kept))
        for name, module in model.named_modules()
        if isinstance(module, (torch.nn.Linear, Conv1D)) and module is not head
    }
    value_bytes = model.get_input_embeddings().weight.element_size()
    return Outline(layers, int(model.num_parameters()), resident_bytes(model), value_bytes)


def _sizes(module: Any) -> tuple[int, int]:
    if isinstance(module, Conv1D):
        return module.nx, module.nf
    return module.in_features, module.out_features


def resident_bytes(model: Any) -> int:
    """Return what a model's parameters and buffers take; tied ones once."""
    return sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))


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
