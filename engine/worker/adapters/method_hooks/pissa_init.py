"""PiSSA and OLoRA initialisation that leaves the base weights untouched.

Both take the initial pair out of the weight and train it. Here the weight keeps it, and forward hooks subtract a
frozen copy, the base factors, from the pair's output. The sum is the same, but the base is bit-identical, disabling
the adapter restores it exactly, and other adapters fit beside it. Saved, pair and base factors are one LoRA of twice
the rank.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

import torch
from peft import LoraConfig, PeftModel
from peft.tuners.lora import LoraLayer
from torch.nn.functional import linear

from engine.worker.adapters.method_hooks.base import TRAINED, Tensors
from engine.worker.adapters.method_hooks.lora_export import adapted, pair
from engine.worker.kernels.library import Conv1D, dequantize_module_weight

BASE_FACTOR = "base_factor"
# Up to this width a full decomposition takes less than a second; above, the leading part is found by iteration.
FULLY_DECOMPOSED = 1024
ITERATIONS = 16
SPARE = 16

Pair = tuple[torch.Tensor, torch.Tensor]


class _Subtraction:
    """Subtracts from a pair's output what its base factors compute. Both read the same input after dropout."""

    def __init__(self) -> None:
        self._narrow: torch.Tensor | None = None

    def after_first(self, first: Any, inputs: tuple[torch.Tensor], _output: torch.Tensor) -> None:
        """Compute the first base factor's output."""
        self._narrow = linear(inputs[0], first.base_factor)

    def after_second(self, second: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        """Return the pair's output without that of the base factors; zero until something is trained."""
        narrow, self._narrow = self._narrow, None
        assert narrow is not None
        return output - linear(narrow, second.base_factor)


def attach(model: PeftModel) -> None:
    """Give every adapted layer base factors of the right shape, zero at first."""
    for _, layer in adapted(model):
        first, second, subtraction = layer.lora_A[TRAINED], layer.lora_B[TRAINED], _Subtraction()
        for matrix in (first, second):
            matrix.register_buffer(BASE_FACTOR, torch.zeros_like(matrix.weight), persistent=False)
        first.register_forward_hook(subtraction.after_first)
        second.register_forward_hook(subtraction.after_second)


def is_attached(model: PeftModel) -> bool:
    """Tell whether the adapter in training has base factors."""
    return any(hasattr(layer.lora_A[TRAINED], BASE_FACTOR) for _, layer in adapted(model))


@torch.no_grad()
def init_from_weights(model: PeftModel, initialisation: str) -> None:
    """Set pairs and base factors to the main directions of each layer's weight."""
    for _, layer in adapted(model):
        first, second = _PAIRS[initialisation](_weight(layer), layer.r[TRAINED], layer.scaling[TRAINED])
        for matrix, value in ((layer.lora_A[TRAINED], first), (layer.lora_B[TRAINED], second)):
            matrix.weight.copy_(value)
            matrix.base_factor.copy_(value)


def _weight(layer: LoraLayer) -> torch.Tensor:
    """Return the weight that a layer computes with, outputs × inputs, in float32."""
    base = layer.get_base_layer()
    weight = dequantize_module_weight(base).detach().float()
    return weight.T if isinstance(base, Conv1D) else weight


def _pissa(weight: torch.Tensor, rank: int, scaling: float) -> Pair:
    """Return the leading singular directions, split evenly (Meng et al. 2024, PiSSA)."""
    if min(weight.shape) <= FULLY_DECOMPOSED:
        left, values, right = torch.linalg.svd(weight, full_matrices=False)
        right = right.T
    else:
        left, values, right = torch.svd_lowrank(weight, q=rank + SPARE, niter=ITERATIONS)
    roots = (values[:rank] / scaling).sqrt()
    return roots[:, None] * right[:, :rank].T, left[:, :rank] * roots


def _olora(weight: torch.Tensor, rank: int, scaling: float) -> Pair:  # noqa: ARG001 - as its paper has it
    """Return the leading orthonormal directions and their mixture (Büyükakyüz 2024, OLoRA)."""
    left, right = torch.linalg.qr(weight)
    return right[:rank], left[:, :rank]


_PAIRS: Mapping[str, Callable[[torch.Tensor, int, float], Pair]] = {"pissa": _pissa, "olora": _olora}


def state(model: PeftModel) -> Tensors:
    """Return the base factors; another machine's decomposition may differ."""
    return {
        f"{name}.{part}": getattr(layer, part)[TRAINED].base_factor
        for name, layer in adapted(model)
        for part in ("lora_A", "lora_B")
    }


def load_state(model: PeftModel, tensors: Tensors) -> None:
    """Put back what `state` returned."""
    for name, factor in state(model).items():
        factor.copy_(tensors[name])


def saved(model: PeftModel) -> Tensors:
    """Return pairs and base factors as one LoRA of twice the rank, the scaling in the second matrices."""
    tensors: Tensors = {}
    for name, layer in adapted(model):
        first, second, scaling = layer.lora_A[TRAINED], layer.lora_B[TRAINED], layer.scaling[TRAINED]
        tensors |= pair(
            name,
            torch.cat([first.weight, first.base_factor]),
            torch.cat([second.weight * scaling, second.base_factor * -scaling], dim=1),
        )
    return tensors


def saved_config(config: LoraConfig) -> LoraConfig:
    """Return the configuration that `saved` belongs to."""
    twice = copy(config)
    twice.r = twice.lora_alpha = 2 * config.r
    twice.use_rslora = False
    return twice
