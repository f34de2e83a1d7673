"""The architecture of a base model: its linear layers, parameter counts and bytes of weights.

Knows nothing of training; the meta device is enough.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch

from engine.config.recipe import BaseModelOptions
from engine.worker.kernels.library import Conv1D, is_quantizable, unquantized_modules

# bitsandbytes stores one scale for so many 4-bit weights, and with double quantization one for so many scales.
WEIGHTS_A_SCALE = 64
SCALES_A_SCALE = 256


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
    unquantized = unquantized_modules(model)
    layers = {
        name: Layer(*_sizes(module), is_quantizable(name, unquantized))
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
