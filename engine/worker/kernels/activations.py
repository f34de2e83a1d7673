"""GELU by its tangent as one operation.

T5, GPT-2 and others write it out in eight operations. Each of them keeps a result for the backward pass that is as
wide as the feed-forward layer.
"""

from __future__ import annotations

from torch import nn

from engine.worker.kernels.library import FastGELUActivation, NewGELUActivation
from engine.worker.kernels.registry import enabled

WRITTEN_OUT = (NewGELUActivation, FastGELUActivation)


def patch(model: nn.Module) -> None:
    """Replace every GELU that is written out by torch's."""
    device = next((parameter.device.type for parameter in model.parameters()), "")
    if not enabled("gelu", device):
        return
    for parent in model.modules():
        for name, child in parent.named_children():
            if isinstance(child, WRITTEN_OUT):
                parent.register_module(name, nn.GELU(approximate="tanh"))
