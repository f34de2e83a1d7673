"""LoRA as it is trained here: in the number format of the model around it, keeping one copy of what a layer reads.

PEFT computes the pair in float32 whatever the base computes in. So every adapted layer copies its input, keeps the copy
dropped out, and turns what it adds back again; on a small decoder that was a third of a step and half of its memory.
Here the pair's numbers stay float32, as the optimizer needs them, and are rounded for the products, as mixed precision
does everywhere else. Kept for the backward pass are the input itself, which query, key and value share, and the mask
of what dropout left of it. Summaries and scores are computed as plain PEFT computes them.
"""

from __future__ import annotations

from typing import Any

import torch
from peft import PeftModel
from peft.tuners.lora import Embedding, LoraLayer

from engine.worker.adapters.method_hooks import pissa_init
from engine.worker.adapters.method_hooks.base import TRAINED
from engine.worker.adapters.method_hooks.lora_export import adapted
from engine.worker.kernels import dropout
from engine.worker.kernels.library import LoraVariant
from engine.worker.kernels.registry import enabled


class Lean(LoraVariant):
    """The sum of a layer and its pair."""

    @staticmethod
    def forward(
        module: LoraLayer,
        active_adapter: str,
        x: torch.Tensor,
        result: torch.Tensor,
        **kwargs: Any,  # noqa: ARG004 - PEFT's signature
    ) -> torch.Tensor:
        """Return the base's `result` with the change added."""
        first, second = module.lora_A[active_adapter], module.lora_B[active_adapter]
        scaling = module.scaling[active_adapter]
        if not module.training:
            return result + second(first(x.to(first.weight.dtype))) * scaling
        share = getattr(module.lora_dropout[active_adapter], "p", 0.0)
        mask, factor = dropout.draw_mask(x, share) if share else (None, 1.0)
        added: torch.Tensor = _Added.apply(x, result, first.weight, second.weight, mask, scaling * factor)
        return added


def attach(model: PeftModel) -> None:
    """Let every adapted layer that PEFT would compute in the plain way compute so."""
    if not enabled("fused_lora"):
        return
    for _, layer in adapted(model):
        first = layer.lora_A[TRAINED]
        plain = TRAINED not in layer.lora_variant and not isinstance(layer, Embedding)
        plain = plain and not hasattr(first, pissa_init.BASE_FACTOR)
        if plain and layer.lora_B[TRAINED].bias is None:
            layer.lora_variant[TRAINED] = Lean()
            layer.cast_input_dtype_enabled = False


class _Added(torch.autograd.Function):
    """result + factor * (what the mask leaves of x) A^T B^T; x is ... x inputs, A rank x inputs, B outputs x rank."""

    @staticmethod
    def forward(
        context: Any,
        x: torch.Tensor,
        result: torch.Tensor,
        first: torch.Tensor,
        second: torch.Tensor,
        mask: torch.Tensor | None,
        factor: float,
    ) -> torch.Tensor:
        narrow = _rows(_left(x, mask)) @ first.to(x.dtype).T
        context.save_for_backward(x, first, second, mask, narrow)
        context.factor = factor
        wide = torch.addmm(_rows(result), narrow, second.to(result.dtype).T, alpha=factor)
        return wide.view(result.shape)

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, first, second, mask, narrow = context.saved_tensors
        (gradient,) = gradients
        rows = _rows(gradient)
        back = (rows @ second.to(rows.dtype)).mul_(context.factor)
        of_first = (back.T @ _rows(_left(x, mask))).to(first.dtype)
        of_second = (rows.T @ narrow).mul_(context.factor).to(second.dtype)
        of_x = None
        if context.needs_input_grad[0]:
            of_x = (back @ first.to(back.dtype)).view(x.shape)
            of_x = _left(of_x, mask)
        return of_x, gradient, of_first, of_second, None, None


def _rows(values: torch.Tensor) -> torch.Tensor:
    return values.reshape(-1, values.shape[-1])


def _left(values: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    return values if mask is None else dropout.masked(values, mask)
