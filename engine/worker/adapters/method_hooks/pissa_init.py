"""PiSSA and OLoRA initialisation that leaves the base weights untouched.

Both subtract the initial pair from the base weight and train it. Here the weight stays, and forward hooks subtract a
frozen copy of the initial pair, the base factors, from the pair's output: the same sum, but the base model is
bit-identical, switching the adapter off restores it exactly, and other adapters can be loaded beside it. The saved
adapter holds the trained pair and the base factors as one LoRA of twice the rank.
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
from engine.worker.adapters.method_hooks.lora_layers import adapted, named_pair
from engine.worker.kernels.library import Conv1D, dequantize_module_weight

BASE_FACTOR = "base_factor"
# A full decomposition up to this width takes less than a second; above it, the leading part is found by iteration.
MAX_FULL_WIDTH = 1024
ITERATIONS = 16
OVERSAMPLING = 16

Pair = tuple[torch.Tensor, torch.Tensor]
"""The matrices A (rank × inputs) and B (outputs × rank)."""


class _Subtraction:
    """Subtracts the output of the base factors from that of a pair. Both get the same input after dropout."""

    def __init__(self) -> None:
        self._reduced: torch.Tensor | None = None

    def reduce(self, lora_A: Any, inputs: tuple[torch.Tensor], _output: torch.Tensor) -> None:
        """Compute the output of A's base factor."""
        self._reduced = linear(inputs[0], lora_A.base_factor)

    def subtract(self, lora_B: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        """Return the pair's output without that of the base factors; zero before training."""
        reduced, self._reduced = self._reduced, None
        assert reduced is not None
        return output - linear(reduced, lora_B.base_factor)


def attach(model: PeftModel) -> None:
    """Give every adapted layer base factors of the right shape, zero at first."""
    for _, layer in adapted(model):
        lora_A, lora_B, subtraction = layer.lora_A[TRAINED], layer.lora_B[TRAINED], _Subtraction()
        for matrix in (lora_A, lora_B):
            matrix.register_buffer(BASE_FACTOR, torch.zeros_like(matrix.weight), persistent=False)
        lora_A.register_forward_hook(subtraction.reduce)
        lora_B.register_forward_hook(subtraction.subtract)


def is_attached(model: PeftModel) -> bool:
    """Tell whether the adapter in training has base factors."""
    return any(hasattr(layer.lora_A[TRAINED], BASE_FACTOR) for _, layer in adapted(model))


@torch.no_grad()
def init_from_weights(model: PeftModel, initialisation: str) -> None:
    """Set pairs and base factors to factors of each layer's weight."""
    for _, layer in adapted(model):
        pair = _FACTORIZE[initialisation](_weight(layer), layer.r[TRAINED], layer.scaling[TRAINED])
        for matrix, value in zip((layer.lora_A[TRAINED], layer.lora_B[TRAINED]), pair, strict=True):
            matrix.weight.copy_(value)
            matrix.base_factor.copy_(value)


def _weight(layer: LoraLayer) -> torch.Tensor:
    """Return a layer's weight, outputs × inputs, in float32."""
    base = layer.get_base_layer()
    weight = dequantize_module_weight(base).detach().float()
    return weight.T if isinstance(base, Conv1D) else weight


def _pissa(weight: torch.Tensor, rank: int, scaling: float) -> Pair:
    """Return the leading singular vectors, each times the root of its singular value (Meng et al. 2024, PiSSA)."""
    if min(weight.shape) <= MAX_FULL_WIDTH:
        left, values, right = torch.linalg.svd(weight, full_matrices=False)
        right = right.T
    else:
        left, values, right = torch.svd_lowrank(weight, q=rank + OVERSAMPLING, niter=ITERATIONS)
    roots = (values[:rank] / scaling).sqrt()
    return roots[:, None] * right[:, :rank].T, left[:, :rank] * roots


def _olora(weight: torch.Tensor, rank: int, scaling: float) -> Pair:  # noqa: ARG001 - as in the paper
    """Return the leading rows of R and columns of Q of the QR decomposition (Büyükakyüz 2024, OLoRA)."""
    left, right = torch.linalg.qr(weight)
    return right[:rank], left[:, :rank]


_FACTORIZE: Mapping[str, Callable[[torch.Tensor, int, float], Pair]] = {"pissa": _pissa, "olora": _olora}


def state(model: PeftModel) -> Tensors:
    """Return the base factors, which a decomposition on another machine may compute differently."""
    return {
        f"{name}.{part}": getattr(layer, part)[TRAINED].base_factor
        for name, layer in adapted(model)
        for part in ("lora_A", "lora_B")
    }


def load_state(model: PeftModel, tensors: Tensors) -> None:
    """Restore what `state` returned."""
    for name, factor in state(model).items():
        factor.copy_(tensors[name])


def saved_tensors(model: PeftModel) -> Tensors:
    """Return pairs and base factors as one LoRA of twice the rank, with the scaling in B."""
    tensors: Tensors = {}
    for name, layer in adapted(model):
        lora_A, lora_B, scaling = layer.lora_A[TRAINED], layer.lora_B[TRAINED], layer.scaling[TRAINED]
        tensors |= named_pair(
            name,
            torch.cat([lora_A.weight, lora_A.base_factor]),
            torch.cat([lora_B.weight * scaling, lora_B.base_factor * -scaling], dim=1),
        )
    return tensors


def saved_config(config: LoraConfig) -> LoraConfig:
    """Return the configuration of `saved_tensors`."""
    saved = copy(config)
    saved.r = saved.lora_alpha = 2 * config.r
    saved.use_rslora = False
    return saved
