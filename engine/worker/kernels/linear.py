"""A linear layer's product in float32, by oneDNN where its weights are not learned.

torch multiplies float32 by MKL, which leaves on an AMD processor what its vectors can do: oneDNN, by which torch
multiplies 16-bit formats, was 1.1 to 1.4 times as quick for a layer and up to twice for the head. torch has it for
compiled models, without a backward pass; that of frozen weights is another product.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

# Multiplications below which oneDNN takes longer to begin than MKL to end.
LEAST = 1 << 19


class Linear(nn.Linear):
    """Takes the place of a model's own; weights that are learned, or of another format, are multiplied as ever."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        """Return rows (... x outputs) of those read (... x inputs)."""
        learns = torch.is_grad_enabled()
        if not _suits(input, self.weight) or (learns and _is_learned(self)):
            return super().forward(input)
        if learns and input.requires_grad:
            # Rows below one another, since a view made inside could not be added to in place, as some adapters do.
            found: torch.Tensor = _Product.apply(input.reshape(-1, input.shape[-1]), self.weight, self.bias)
            return found.view(*input.shape[:-1], -1)
        return _product(input, self.weight, self.bias)


class _Product(torch.autograd.Function):
    """The product of rows with frozen weights, of which the rows alone have gradients."""

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
    found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")
    return found


def _is_learned(layer: nn.Linear) -> bool:
    return layer.weight.requires_grad or (layer.bias is not None and layer.bias.requires_grad)


def _suits(rows: torch.Tensor, weight: torch.Tensor) -> bool:
    in_format = rows.dtype is weight.dtype is torch.float32
    on_processor = rows.device.type == weight.device.type == "cpu"
    return in_format and on_processor and rows.numel() * len(weight) >= LEAST


def put_in(model: nn.Module) -> None:
    """Let every linear layer in a model that is torch's own multiply so, where torch has oneDNN."""
    if _is_there():
        for module in model.modules():
            if type(module) is nn.Linear:
                module.__class__ = Linear


def _is_there() -> bool:
    return torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
