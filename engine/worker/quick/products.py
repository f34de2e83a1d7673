"""A linear layer's product in float32, by oneDNN where nothing is learned.

torch multiplies float32 by MKL, which leaves on an AMD processor what its vectors can do: oneDNN, by which torch
multiplies 16-bit formats, was 1.1 to 1.4 times as quick for a layer and up to twice for the head. torch has it for
compiled models, without a backward pass.
"""

from __future__ import annotations

import torch
from torch import nn

# Multiplications below which oneDNN takes longer to begin than MKL to end.
LEAST = 1 << 19


class Linear(nn.Linear):
    """Takes the place of a model's own; what is learned, or is of another format, is multiplied as ever."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002
        """Return rows (... x outputs) of those read (... x inputs)."""
        if torch.is_grad_enabled() or not _suits(input, self.weight):
            return super().forward(input)
        found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
            input, self.weight, self.bias, "none", [], ""
        )
        return found


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
