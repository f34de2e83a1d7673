"""Rules that several methods share: what they can't do on a base model, said before anything is loaded."""

from __future__ import annotations

from typing import Any

from engine.errors import Problem
from engine.methods.base import BaseFacts, Rule, named

# Models of transformers that keep their weights in Conv1D: a linear layer with its weight transposed.
CONV1D_MODELS = ("gpt2", "openai-gpt")


def linear_only(title: str) -> Rule:
    """Return the rule of a method of this title that can't change Conv1D layers.

    A quantized base has linear layers in their place.
    """

    def refusal(options: Any, base: BaseFacts) -> Problem | None:  # noqa: ARG001 - all rules have it
        if base.model_type not in CONV1D_MODELS or base.quantization != "none":
            return None
        return Problem(
            "method.id",
            f"{title} changes linear layers, and {base.model_type} keeps its weights in Conv1D layers.",
            f"Nearest that reads those too: {named('lora')}.",
        )

    return refusal
