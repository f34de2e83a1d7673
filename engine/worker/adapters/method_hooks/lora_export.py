"""Write a change of weights as an ordinary LoRA, whatever it was trained as: plain PEFT and every switch read that."""

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
    """Yield the layers that the adapter in training changes, with their names inside the model with adapters."""
    for name, module in model.named_modules():
        if isinstance(module, LoraLayer) and TRAINED in module.lora_A:
            yield name, module


def pair(name: str, first: torch.Tensor, second: torch.Tensor) -> Tensors:
    """Return a layer's two matrices under the names that PEFT gives them in a file.

    `first` is rank × inputs, `second` outputs × rank; the change is their product, with every scaling in it.
    """
    return {f"{name}.lora_A.weight": first, f"{name}.lora_B.weight": second}


def save(tensors: Tensors, config: LoraConfig, folder: Path) -> None:
    """Write an adapter of these tensors; `config` must scale by one, that is, have alpha equal to the rank."""
    folder.mkdir(parents=True, exist_ok=True)
    stored = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    save_file(stored, folder / WEIGHTS_NAME, metadata={"format": "pt"})
    config.inference_mode = True
    config.save_pretrained(str(folder))
