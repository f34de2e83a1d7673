"""Puts the faster modules into a model: when it is loaded, and again when an adapter is attached."""

from __future__ import annotations

from torch import nn

from engine.worker.kernels import attention, dropout, linear, rms_norm
from engine.worker.kernels.compat import FastGELUActivation, NewGELUActivation
from engine.worker.kernels.registry import enabled

WRITTEN_OUT = (NewGELUActivation, FastGELUActivation)


def patch(model: nn.Module) -> None:
    """Replace modules by faster ones where the table says so; what is replaced already stays as it is."""
    dropout.patch(model)
    rms_norm.patch(model)
    patch_gelu(model)
    linear.patch(model)
    attention.patch()


def patch_gelu(model: nn.Module) -> None:
    """Replace every GELU by its tangent that is written out, as T5's and GPT-2's, by torch's one operation.

    Of the eight operations each keeps a result for the backward pass that is as wide as the feed-forward layer.
    """
    device = next((parameter.device.type for parameter in model.parameters()), "")
    if not enabled("gelu", device):
        return
    for parent in model.modules():
        for name, child in parent.named_children():
            if isinstance(child, WRITTEN_OUT):
                parent.register_module(name, nn.GELU(approximate="tanh"))
