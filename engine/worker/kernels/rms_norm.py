"""The root-mean-square norm of T5, Llama and their kin, as one operation with a backward pass of its own.

Written out as the models have it, it keeps three float32 copies of what it norms, and multiplies float32 by bfloat16,
for which torch has no quick way: seven times as long forward, three to four times with the backward pass. Here the
input itself and a number a row are kept.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

TRIED_WIDTH, TRIED_EPSILON = 8, 0.25


class RootMeanSquare(nn.Module):
    """Takes the place of a model's own norm, as a class before its own."""

    weight: nn.Parameter
    variance_epsilon: float

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """Return the rows (... x width) scaled to a mean square of one, times the weights."""
        if hidden_states.is_cuda or hidden_states.dtype is not self.weight.dtype:
            found: torch.Tensor = super().forward(hidden_states)
            return found
        normed: torch.Tensor = _Normed.apply(hidden_states, self.weight, self.variance_epsilon)
        return normed


class _Normed(torch.autograd.Function):
    """x / sqrt(mean(x²) + epsilon) * weight over the last dimension; computed in float32, rounded where models do."""

    @staticmethod
    def forward(context: Any, x: torch.Tensor, weight: torch.Tensor, epsilon: float) -> torch.Tensor:
        wide = x.float()
        norm = torch.linalg.vector_norm(wide, dim=-1, keepdim=True)
        inverse = norm.square_().div_(x.shape[-1]).add_(epsilon).rsqrt_()
        context.save_for_backward(x, weight, inverse)
        return _scaled(wide, inverse, x) * weight

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight, inverse = context.saved_tensors
        (gradient,) = gradients
        wide = x.float()
        of_x = of_weight = None
        if context.needs_input_grad[1]:
            of_weight = (wide * inverse).mul_(gradient.float()).flatten(0, -2).sum(0).to(weight.dtype)
        if context.needs_input_grad[0]:
            scaled = (gradient * weight).float()
            along = torch.linalg.vecdot(scaled, wide).unsqueeze_(-1)
            along = along.mul_(inverse.square()).div_(x.shape[-1])
            of_x = torch.addcmul(scaled, wide, along, value=-1).mul_(inverse).to(x.dtype)
        return of_x, of_weight, None


def _scaled(wide: torch.Tensor, inverse: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return rows times a number each, in x's format; a copy that was made for it is overwritten."""
    return wide * inverse if wide is x else wide.mul_(inverse).to(x.dtype)


def put_in(model: nn.Module) -> None:
    """Let every norm in a model that computes this one compute it so."""
    for module in model.modules():
        if hasattr(module, "variance_epsilon") and not isinstance(module, RootMeanSquare):
            quick = _quick(type(module))
            if quick is not None:
                module.__class__ = quick


_QUICK: dict[type[nn.Module], type[nn.Module] | None] = {}


def _quick(kind: type[nn.Module]) -> type[nn.Module] | None:
    """Return the class that is a kind of norm and computes quickly, so that whoever looks for the kind finds it."""
    if kind not in _QUICK:
        _QUICK[kind] = type(kind.__name__, (RootMeanSquare, kind), {}) if _computes_it(kind) else None
    return _QUICK[kind]


def _computes_it(kind: Any) -> bool:
    """Tell by trying: there are as many classes of this norm as models, and some that add one to their weights."""
    rows = torch.linspace(-3, 5, 2 * TRIED_WIDTH, device="cpu").view(2, TRIED_WIDTH)
    try:
        with torch.device("cpu"), torch.no_grad():
            norm = kind(TRIED_WIDTH, eps=TRIED_EPSILON)
            norm.weight.copy_(torch.linspace(-1, 2, TRIED_WIDTH))
            found = norm(rows)
    except (TypeError, AttributeError, RuntimeError):
        return False
    return torch.allclose(found, _Normed.apply(rows, norm.weight.detach(), TRIED_EPSILON))
