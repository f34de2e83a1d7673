"""What a processor computes quicker than the libraries have it, to the same numbers but for rounding.

Put into a model when it is loaded, and again when an adapter stands on it. A graphics card has fused kernels of its
own and keeps them.
"""

from __future__ import annotations

from torch import nn

from engine.worker.kernels import activations, attention, dropout, linear, rms_norm


def put_in(model: nn.Module) -> None:
    """Let a model compute so; what does so already stays as it is."""
    dropout.put_in(model)
    rms_norm.put_in(model)
    activations.put_in(model)
    linear.put_in(model)
    attention.put_in()
