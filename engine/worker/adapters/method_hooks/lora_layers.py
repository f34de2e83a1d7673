"""The LoRA layers of the adapter in training, and the names of their matrices in PEFT's file."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer

from engine.worker.adapters.method_hooks.base import TRAINED, Tensors


def adapted(model: PeftModel) -> Iterator[tuple[str, LoraLayer]]:
    """Yield the layers that the adapter in training changes, with their names in the PEFT model."""
    for name, module in model.named_modules():
        if isinstance(module, LoraLayer) and TRAINED in module.lora_A:
            yield name, module


def named_pair(layer: str, lora_A: torch.Tensor, lora_B: torch.Tensor) -> Tensors:
    """Return a layer's matrices under their names in PEFT's file.

    `lora_A` is rank × inputs, `lora_B` outputs × rank; their product is the change, with all scaling in it.
    """
    return {f"{layer}.lora_A.weight": lora_A, f"{layer}.lora_B.weight": lora_B}
