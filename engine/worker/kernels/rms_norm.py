"""The RMS norm of T5, Llama and their kin as one operation with its own backward pass.

The models write it out. That keeps three float32 copies of the input and multiplies float32 by bfloat16, for which
torch has no fast kernel: seven times as long forward, three to four times with the backward pass. Here the input itself
and one number a row are kept.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import nn

from engine.worker.kernels.registry import enabled

TRIAL_WIDTH, TRIAL_EPSILON = 8, 0.25


class FusedRMSNorm(nn.Module):
    """Takes the place of a model's norm, as a base class before the norm's own."""

    weight: nn.Parameter
    variance_epsilon: float

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """Return the rows (... × width) scaled to a mean square of one, times the weights."""
        mixed = hidden_states.dtype is not self.weight.dtype
        if mixed or not enabled("rms_norm", hidden_states.device.type):
            stock: torch.Tensor = super().forward(hidden_states)
            return stock
        output: torch.Tensor = _RMSNorm.apply(hidden_states, self.weight, self.variance_epsilon)
        return output


class _RMSNorm(torch.autograd.Function):
    """x / sqrt(mean(x²) + epsilon) · weight over the last dimension; computed in float32, rounded where models do."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, epsilon: float) -> torch.Tensor:
        wide = x.float()
        norm = torch.linalg.vector_norm(wide, dim=-1, keepdim=True)
        inverse = norm.square_().div_(x.shape[-1]).add_(epsilon).rsqrt_()
        ctx.save_for_backward(x, weight, inverse)
        # Overwritten if it is a copy.
        scaled = wide * inverse if wide is x else wide.mul_(inverse).to(x.dtype)
        return scaled * weight

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight, inverse = ctx.saved_tensors
        (gradient,) = gradients
        wide = x.float()
        grad_x = grad_weight = None
        if ctx.needs_input_grad[1]:
            grad_weight = (wide * inverse).mul_(gradient.float()).flatten(0, -2).sum(0).to(weight.dtype)
        if ctx.needs_input_grad[0]:
            scaled = (gradient * weight).float()
            along = torch.linalg.vecdot(scaled, wide).unsqueeze_(-1)
            along = along.mul_(inverse.square()).div_(x.shape[-1])
            grad_x = torch.addcmul(scaled, wide, along, value=-1).mul_(inverse).to(x.dtype)
        return grad_x, grad_weight, None


def patch(model: nn.Module) -> None:
    """Replace every norm in a model that is an RMS norm."""
    if not enabled("rms_norm"):
        return
    for module in model.modules():
        if hasattr(module, "variance_epsilon") and not isinstance(module, FusedRMSNorm):
            kind: Any = type(module)
            fused = _fused(kind)
            if fused is not None:
                module.__class__ = fused


@cache
def _fused(kind: Any) -> type[nn.Module] | None:
    """Return the fused subclass of a kind of norm, which code that looks for the kind still finds."""
    return type(kind.__name__, (FusedRMSNorm, kind), {}) if _is_rms_norm(kind) else None


def _is_rms_norm(kind: Any) -> bool:
    """Try it: every model has a class of its own for this norm, and some add one to their weights."""
    rows = torch.linspace(-3, 5, 2 * TRIAL_WIDTH, device="cpu").view(2, TRIAL_WIDTH)
    try:
        with torch.device("cpu"), torch.no_grad():
            norm = kind(TRIAL_WIDTH, eps=TRIAL_EPSILON)
            norm.weight.copy_(torch.linspace(-1, 2, TRIAL_WIDTH))
            output = norm(rows)
    except (TypeError, AttributeError, RuntimeError):
        return False
    return torch.allclose(output, _RMSNorm.apply(rows, norm.weight.detach(), TRIAL_EPSILON))
