"""GELU by its tangent, as one operation.

T5, GPT-2 and others write it out: eight operations, each with a result that is kept for the backward pass, as wide as
the feed-forward layer.
"""

from __future__ import annotations

from torch import nn
from transformers.activations import FastGELUActivation, NewGELUActivation

WRITTEN_OUT = (NewGELUActivation, FastGELUActivation)


def put_in(model: nn.Module) -> None:
    """Put torch's in the place of every one that is written out in a model."""
    for parent in model.modules():
        for name, child in parent.named_children():
            if isinstance(child, WRITTEN_OUT):
                parent.register_module(name, nn.GELU(approximate="tanh"))
