"""Linear layers with frozen float32 weights, multiplied by oneDNN.

torch multiplies float32 by MKL, which does not use all that the vector units of an AMD processor can do. oneDNN, by
which torch multiplies 16-bit formats, was 1.1 to 1.4 times as fast for a layer and up to twice for the head. torch has
it for compiled models, without a backward pass; with frozen weights that is one more product.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from engine.worker.kernels.registry import enabled

# Multiplications below which oneDNN takes longer to start than MKL to finish.
MIN_MULTIPLICATIONS = 1 << 19


class Linear(nn.Linear):
    """Takes the place of torch's; trained weights and other dtypes are multiplied by torch."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        """Return ... × outputs of ... × inputs."""
        is_training = torch.is_grad_enabled()
        has_gradient = self.weight.requires_grad or (self.bias is not None and self.bias.requires_grad)
        if not applies(input, self.weight) or (is_training and has_gradient):
            return super().forward(input)
        if is_training and input.requires_grad:
            # Flat rows: some adapters add in place, which autograd forbids for a view made inside.
            output: torch.Tensor = _Product.apply(input.reshape(-1, input.shape[-1]), self.weight, self.bias)
            return output.view(*input.shape[:-1], -1)
        return _product(input, self.weight, self.bias)


class _Product(torch.autograd.Function):
    """The product of rows with frozen weights; only the rows have gradients."""

    @staticmethod
    def forward(
        ctx: Any, rows: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        ctx.save_for_backward(weight)
        return _product(rows, weight, bias)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (weight,) = ctx.saved_tensors
        return _product(gradient, weight.t(), None), None, None


def _product(rows: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")
    return product


def applies(rows: torch.Tensor, weight: torch.Tensor) -> bool:
    if rows.is_meta or rows.dtype is not weight.dtype or rows.device != weight.device:
        return False
    is_large = rows.numel() * len(weight) >= MIN_MULTIPLICATIONS
    return is_large and enabled("linear", rows.device.type, rows.dtype)


def patch(model: nn.Module) -> None:
    """Replace every torch.nn.Linear in a model, if torch has oneDNN."""
    has_onednn = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    if enabled("linear") and has_onednn:
        for module in model.modules():
            if type(module) is nn.Linear:
                module.__class__ = Linear
