"""Checks for libraries that only some recipes need, without importing them."""

from __future__ import annotations

from importlib.util import find_spec

from engine.errors import Problem
from engine.messages import say

LIBRARY = "bitsandbytes"


def problems(quantization: str, optimizer: str) -> tuple[Problem, ...]:
    """Return the problems of a recipe that needs bitsandbytes where it is not installed."""
    problems = []
    if quantization != "none" and not find_spec(LIBRARY):
        hint = 'Run `pip install bitsandbytes`, or choose quantization "none".'
        message = say("{} needs bitsandbytes, which is not installed.", quantization)
        problems.append(Problem("base_model.quantization", message, hint))
    if optimizer.endswith("8bit") and not find_spec(LIBRARY):
        hint = "Run `pip install bitsandbytes`, or choose AdamW or Adafactor."
        message = "8-bit optimizers need bitsandbytes, which is not installed."
        problems.append(Problem("training.optimizer", message, hint))
    return tuple(problems)
