"""Rules that several methods share: on which base models they can't be used, known before anything is loaded."""

from __future__ import annotations

from typing import Any

from engine.errors import Problem
from engine.methods.base import BaseFacts, Rule, named

# Model types whose weights are in Conv1D layers: linear layers with a transposed weight.
CONV1D_MODELS = ("gpt2", "openai-gpt")


def linear_only(title: str) -> Rule:
    """Return the rule of a method that can't change Conv1D layers; a quantized base has linear layers instead."""

    def refusal(options: Any, base: BaseFacts) -> Problem | None:  # noqa: ARG001 - all rules have it
        if base.model_type not in CONV1D_MODELS or base.quantization != "none":
            return None
        return Problem(
            "method.id",
            f"{title} changes linear layers, and {base.model_type} keeps its weights in Conv1D layers.",
            f"Nearest that supports those: {named('lora')}.",
        )

    return refusal
