"""Pairs that begin at the weight's own directions, while the base stays as it is.

PiSSA and OLoRA take the starting pair out of the weight and train it. Here the weight keeps it and a frozen copy, the
anchor, is taken off the output instead: the same sum, but the base is bit-identical, switching the adapter off gives
it back exactly, and other adapters stand beside it. Saved, pair and anchor are one LoRA of twice the rank.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

import torch
from peft import LoraConfig, PeftModel
from peft.tuners.lora import LoraLayer
from peft.tuners.lora.layer import LoraVariant
from peft.utils.integrations import dequantize_module_weight
from torch.nn.functional import linear
from transformers.pytorch_utils import Conv1D

from engine.worker.adapters.method_hooks.base import TRAINED, Tensors
from engine.worker.adapters.method_hooks.lora_export import adapted, pair

ANCHOR = "anchor"
# Up to this width a full decomposition takes less than a second; above, the leading part is found by iteration.
FULLY_DECOMPOSED = 1024
ITERATIONS = 16
SPARE = 16

Pair = tuple[torch.Tensor, torch.Tensor]


class Anchored(LoraVariant):
    """A pair minus the anchor; both see the same dropped inputs, so that what is trained is the change alone."""

    @staticmethod
    def forward(
        module: LoraLayer,
        active_adapter: str,
        x: torch.Tensor,
        result: torch.Tensor,
        **kwargs: Any,  # noqa: ARG004 - PEFT's signature
    ) -> torch.Tensor:
        """Return the base's `result` with the change added; exactly the base's until something is learned."""
        first, second = module.lora_A[active_adapter], module.lora_B[active_adapter]
        x = module.lora_dropout[active_adapter](x)
        began = linear(linear(x, first.anchor), second.anchor)
        return result + (second(first(x)) - began) * module.scaling[active_adapter]


def attach(model: PeftModel) -> None:
    """Give every adapted layer an anchor of the right shape; it says nothing yet."""
    for _, layer in adapted(model):
        for matrix in (layer.lora_A[TRAINED], layer.lora_B[TRAINED]):
            matrix.register_buffer(ANCHOR, torch.zeros_like(matrix.weight), persistent=False)
        layer.lora_variant[TRAINED] = Anchored()


def is_attached(model: PeftModel) -> bool:
    """Tell whether the adapter in training has anchors."""
    return any(isinstance(layer.lora_variant.get(TRAINED), Anchored) for _, layer in adapted(model))


@torch.no_grad()
def init_from_weights(model: PeftModel, initialisation: str) -> None:
    """Set pairs and anchors to the main directions of each layer's weight."""
    for _, layer in adapted(model):
        first, second = _PAIRS[initialisation](_weight(layer), layer.r[TRAINED], layer.scaling[TRAINED])
        for matrix, value in ((layer.lora_A[TRAINED], first), (layer.lora_B[TRAINED], second)):
            matrix.weight.copy_(value)
            matrix.anchor.copy_(value)


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
    """Return the anchors, which a decomposition on another machine might give otherwise."""
    return {
        f"{name}.{part}": getattr(layer, part)[TRAINED].anchor
        for name, layer in adapted(model)
        for part in ("lora_A", "lora_B")
    }


def load_state(model: PeftModel, tensors: Tensors) -> None:
    """Put back what `state` returned."""
    for name, anchor in state(model).items():
        anchor.copy_(tensors[name])


def saved(model: PeftModel) -> Tensors:
    """Return pairs and anchors as one LoRA of twice the rank, its scaling in the second matrices."""
    tensors: Tensors = {}
    for name, layer in adapted(model):
        first, second, scaling = layer.lora_A[TRAINED], layer.lora_B[TRAINED], layer.scaling[TRAINED]
        tensors |= pair(
            name,
            torch.cat([first.weight, first.anchor]),
            torch.cat([second.weight * scaling, second.anchor * -scaling], dim=1),
        )
    return tensors


def saved_config(config: LoraConfig) -> LoraConfig:
    """Return the configuration that `saved` belongs to."""
    twice = copy(config)
    twice.r = twice.lora_alpha = 2 * config.r
    twice.use_rslora = False
    return twice
