"""How much memory a run will take, estimated before it starts from the shapes of model and data alone.

    weights       the frozen numbers in their format; quantized layers with their scales
    adapter       the trained numbers in float32, and as much again for their gradients
    optimizer     AdamW two float32 numbers for each trained one, its 8-bit forms two bytes, Adafactor one
                  number for each row and each column of a matrix
    activations   for each token of the heaviest micro-batch five values for every output of every linear layer:
                  the output, what norms, dropout and adapters make of it, and the gradient on its way back; with
                  checkpointed activations those of the largest block, and a vector of the width for each block
    logits        for each learned position the vocabulary in the base's format and twice in float32
    runtime       what Python and the libraries take themselves, on a processor

An estimate: allocators round up and attention kernels differ. Knows nothing of recipes' files and of events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers.pytorch_utils import Conv1D

from engine.recipe import BaseModelOptions
from engine.training import TrainingOptions

FLOAT32_BYTES = 4
# Measured with LoRA on a model of flan-t5-small's shape: 1.9 GB resident, estimated 1.8 GB.
VALUES_AN_OUTPUT = 5
RUNTIME_BYTES = 600_000_000
# A weight's bits with its scales: a float32 for every 64 weights, or that quantized again.
BITS = {"int8": 8.1, "nf4": 4.5, "fp4": 4.5}
BITS_DOUBLY_QUANTIZED = 4.127
OPTIMIZER_BYTES = {"adamw": 8, "adamw_8bit": 2, "paged_adamw_8bit": 2}


@dataclass(frozen=True)
class Layer:
    """A linear layer of a base model."""

    outputs: int
    numbers: int


@dataclass(frozen=True)
class Outline:
    """What a base model consists of: its linear layers by name but the output head, and its other sizes."""

    layers: dict[str, Layer]
    numbers: int
    value_bytes: int
    vocabulary: int
    width: int

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


@dataclass(frozen=True)
class Load:
    """A micro-batch's padded tokens: those that the encoder (or the only stack) reads, and the labels."""

    input_tokens: int
    label_tokens: int


def outline(model: Any) -> Outline:
    """Return the outline of a base model without adapters, on whatever device (meta will do)."""
    head = model.get_output_embeddings()
    embedding = model.get_input_embeddings().weight
    layers = {
        name: Layer(module.nf if isinstance(module, Conv1D) else module.out_features, module.weight.numel())
        for name, module in model.named_modules()
        if isinstance(module, (torch.nn.Linear, Conv1D)) and module is not head
    }
    numbers = sum(parameter.numel() for parameter in model.parameters())
    vocabulary = head.weight.shape[0] if head is not None else 0
    return Outline(layers, numbers, embedding.element_size(), vocabulary, embedding.shape[1])


def heaviest(
    lengths: Iterable[tuple[int, int]], micro_batch_tokens: int, batch_size: int, *, two_stacks: bool
) -> Load:
    """Return the largest micro-batch that examples with these numbers of input and label tokens make.

    They are grouped as the collator groups a step's: by length, within the budget, padded to the longest. With
    one stack the labels stand behind the input in the same row.
    """
    rows = sorted((pair if two_stacks else (sum(pair), 0) for pair in lengths), key=sum, reverse=True)
    loads, start = [Load(0, 0)], 0
    while start < len(rows):
        count = max(1, min(batch_size, micro_batch_tokens // max(1, sum(rows[start]))))
        group = rows[start : start + count]
        inputs, labels = (len(group) * max(column) for column in zip(*group, strict=True))
        loads.append(Load(inputs, labels if two_stacks else inputs))
        start += count
    return max(loads, key=lambda load: load.input_tokens + load.label_tokens)


def memory_bytes(
    base: Outline,
    trained: Sequence[tuple[int, ...]],
    base_model: BaseModelOptions,
    training: TrainingOptions,
    load: Load,
    *,
    on_cpu: bool,
) -> int:
    """Return the estimated peak of a run that trains parameters of these shapes beside a frozen base."""
    numbers = sum(map(_product, trained))
    return round(
        _weight_bytes(base, base_model)
        + 2 * FLOAT32_BYTES * numbers
        + _optimizer_bytes(trained, training.optimizer)
        + _activation_bytes(base, load, checkpointed=training.activation_checkpointing)
        + (RUNTIME_BYTES if on_cpu else 0)
    )


def _product(shape: Iterable[int]) -> int:
    return int(torch.Size(tuple(shape)).numel())


def _weight_bytes(base: Outline, base_model: BaseModelOptions) -> float:
    """Return what the frozen weights take; bitsandbytes leaves the output head and T5's `wo` as they are."""
    if base_model.quantization == "none":
        return base.numbers * base.value_bytes
    bits = BITS[base_model.quantization]
    if base_model.quantization != "int8" and base_model.double_quantization:
        bits = BITS_DOUBLY_QUANTIZED
    quantized = sum(layer.numbers for name, layer in base.layers.items() if not name.endswith(".wo"))
    return (base.numbers - quantized) * base.value_bytes + quantized * bits / 8


def _optimizer_bytes(trained: Sequence[tuple[int, ...]], optimizer: str) -> float:
    if optimizer in OPTIMIZER_BYTES:
        return OPTIMIZER_BYTES[optimizer] * sum(map(_product, trained))
    return FLOAT32_BYTES * sum(map(sum, trained))


def _activation_bytes(base: Outline, load: Load, *, checkpointed: bool) -> float:
    blocks: dict[str, float] = {}
    for name, layer in base.layers.items():
        tokens = load.label_tokens if ".decoder." in f".{name}" else load.input_tokens
        kept = VALUES_AN_OUTPUT * layer.outputs * tokens * base.value_bytes
        blocks[_block(name)] = blocks.get(_block(name), 0.0) + kept
    logits = base.vocabulary * load.label_tokens * (base.value_bytes + 2 * FLOAT32_BYTES)
    if not checkpointed:
        return sum(blocks.values()) + logits
    vectors = len(blocks) * max(load.input_tokens, load.label_tokens) * base.width * base.value_bytes
    return max(blocks.values(), default=0.0) + vectors + logits


def _block(name: str) -> str:
    """Return the block that a layer belongs to: its name up to the first number."""
    parts = name.split(".")
    numbered = [place for place, part in enumerate(parts) if part.isdigit()]
    return ".".join(parts[: numbered[0] + 1]) if numbered else name
