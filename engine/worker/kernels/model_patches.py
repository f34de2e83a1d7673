"""Puts the faster modules into a model: when it is loaded, and again when an adapter is attached."""

from __future__ import annotations

from torch import nn

from engine.worker.kernels import activations, attention, dropout, linear, rms_norm


def patch(model: nn.Module) -> None:
    """Replace modules by faster ones where the table says so; what is replaced already stays as it is."""
    dropout.patch(model)
    rms_norm.patch(model)
    activations.patch(model)
    linear.patch(model)
    attention.patch()
