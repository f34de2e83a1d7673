"""The architecture of a base model: its linear layers, parameter counts and bytes of weights.

Knows nothing of training; the meta device is enough.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from engine.config.recipe import BaseModelOptions
from engine.worker.kernels.compat import Conv1D, should_convert_module, unquantized_modules

# The sizes of bitsandbytes' blocks: 4-bit weights with one scale, and with double quantization scales with one scale.
WEIGHTS_PER_SCALE = 64
SCALES_PER_SCALE = 256
# With sharded weights these blocks are whole: the one that is computed, in a backward pass the one before it too, and
# one that is sent to another process.
GATHERED_BLOCKS = 3


@dataclass(frozen=True)
class Layer:
    """A linear layer of a base model; `quantizable` if bitsandbytes would quantize it."""

    inputs: int
    outputs: int
    quantizable: bool

    @property
    def num_parameters(self) -> int:
        """The number of weights, without a bias."""
        return self.inputs * self.outputs

    def bits(self, options: BaseModelOptions) -> float:
        """Return the bits of a quantized weight, scales included."""
        if options.quantization == "int8":
            return 8 + 32 / self.inputs
        scale = 8 + 32 / SCALES_PER_SCALE if options.double_quantization else 32
        return 4 + scale / WEIGHTS_PER_SCALE


@dataclass(frozen=True)
class ModelArchitecture:
    """A base model's linear layers by name, without the output head, and its size.

    `num_parameters` counts a packed 4-bit weight as one parameter. A parameter that is not quantized takes
    `value_bytes`.
    """

    layers: dict[str, Layer]
    num_parameters: int
    bytes: int
    value_bytes: int

    @property
    def activations_per_token(self) -> int:
        """The values that the linear layers put out for a token."""
        return sum(layer.outputs for layer in self.layers.values())

    def modules(self) -> dict[str, int]:
        """Return how often each name of a linear layer occurs."""
        return dict(Counter(name.rpartition(".")[2] for name in self.layers))

    def blocks(self) -> dict[str, int]:
        """Return the number of blocks of encoder and decoder; a decoder-only model has no encoder."""
        blocks: dict[str, set[str]] = {}
        for name in self.layers:
            parts = name.split(".")
            index = next((part for part in parts if part.isdigit()), None)
            if index is not None:
                blocks.setdefault("encoder" if "encoder" in parts else "decoder", set()).add(index)
        return {stack: len(indices) for stack, indices in blocks.items()}

    def bits_per_parameter(self, options: BaseModelOptions) -> float | None:
        """Return the mean bits of a parameter in the quantized layers, None for an unquantized base."""
        quantized = [layer for layer in self.layers.values() if layer.quantizable]
        count = sum(layer.num_parameters for layer in quantized)
        if options.quantization == "none" or not count:
            return None
        return sum(layer.num_parameters * layer.bits(options) for layer in quantized) / count

    def weight_bytes(self, options: BaseModelOptions) -> int:
        """Return the memory of the frozen weights."""
        bits = self.bits_per_parameter(options)
        if bits is None:
            return self.bytes
        quantized = sum(layer.num_parameters for layer in self.layers.values() if layer.quantizable)
        return round(self.bytes - quantized * (self.value_bytes - bits / 8))

    def gathered_bytes(self, options: BaseModelOptions) -> int:
        """Return the weights that are whole at a time where they are sharded: blocks, and all outside of blocks."""

        def bits(layer: Layer) -> float:
            is_quantized = layer.quantizable and options.quantization != "none"
            return layer.bits(options) if is_quantized else 8 * self.value_bytes

        weights, blocks = self.weight_bytes(options), sum(self.blocks().values())
        in_blocks = sum(
            layer.num_parameters * bits(layer) / 8
            for name, layer in self.layers.items()
            if any(part.isdigit() for part in name.split("."))
        )
        outside = max(0, weights - in_blocks)
        return round(outside + min(GATHERED_BLOCKS, blocks) * in_blocks / max(1, blocks))

    def widest_bytes(self, options: BaseModelOptions) -> int:
        """Return the size of the largest quantized weight when it is dequantized for a product."""
        if options.quantization == "none":
            return 0
        quantized = (layer.num_parameters for layer in self.layers.values() if layer.quantizable)
        return max(quantized, default=0) * self.value_bytes


def architecture_of(model: Any) -> ModelArchitecture:
    """Return the architecture of a base model without adapters, on any device, meta included."""
    head = model.get_output_embeddings()
    unquantized = unquantized_modules(model)
    layers = {
        name: Layer(*width, should_convert_module(name, unquantized))
        for name, module in model.named_modules()
        if (width := width_of(module)) is not None and module is not head
    }
    value_bytes = model.get_input_embeddings().weight.element_size()
    return ModelArchitecture(layers, int(model.num_parameters()), resident_bytes(model), value_bytes)


class Width(NamedTuple):
    """The sizes of a linear layer."""

    inputs: int
    outputs: int


def width_of(module: Any) -> Width | None:
    """Return the sizes of a linear layer, None for any other module."""
    if isinstance(module, torch.nn.Linear):
        return Width(module.in_features, module.out_features)
    return Width(module.nx, module.nf) if isinstance(module, Conv1D) else None


def resident_bytes(model: Any) -> int:
    """Return the memory of a model's parameters and buffers; tied ones count once."""
    return sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))
