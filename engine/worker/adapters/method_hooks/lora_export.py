"""Saves a change of weights as an ordinary LoRA, whatever it was trained as: every library reads that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel
from peft.tuners.lora import LoraLayer
from safetensors.torch import save_file

from engine.adapters.library import WEIGHTS_NAME
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


def save(tensors: Tensors, config: LoraConfig, folder: Path) -> None:
    """Write an adapter of these tensors; `config` must scale by one, so alpha must equal the rank."""
    folder.mkdir(parents=True, exist_ok=True)
    copies = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    save_file(copies, folder / WEIGHTS_NAME, metadata={"format": "pt"})
    config.inference_mode = True
    config.save_pretrained(str(folder))
