"""Checks that a run's memory fits the device, and says what to change otherwise.

Knows nothing of how memory is estimated.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.config.recipe import Recipe
from engine.errors import Problem
from engine.system.units import size
from engine.worker.dataset.batch_packing import BatchShape

# Estimates are within 15 %: a run that may fit is not refused.
ESTIMATE_TOLERANCE = 1.15
TRAINED_PARTS = ("adapter", "gradients", "optimizer")


def problem(recipe: Recipe, parts: Mapping[str, int], shape: BatchShape, available: int) -> Problem | None:
    """Return why a run that needs these bytes can't be done with `available` ones, None if it may be.

    `shape` is that of the largest micro-batch. The problem stands beside the field that helps most: that of the
    largest of weights, trained parts and activations.
    """
    needed = sum(parts.values())
    if needed <= ESTIMATE_TOLERANCE * available:
        return None
    message = f"This run needs about {size(needed)} of memory, but only {size(available)} is available."
    trained = sum(parts[name] for name in TRAINED_PARTS)
    largest = max(parts["weights"], trained, parts["activations"])
    if largest == parts["weights"]:
        return _of_weights(recipe, message, largest)
    if largest == trained:
        return _of_trained_parts(recipe, message, largest)
    return _of_activations(shape, message, largest)


def _of_weights(recipe: Recipe, message: str, taken: int) -> Problem:
    message = f"{message} The base model's weights take {size(taken)} of it."
    if recipe.base_model.quantization == "none" and "nf4" in recipe.method.method.quantizations:
        hint = "Quantize the base model, or choose a smaller one."
        return Problem("base_model.quantization", message, hint)
    return Problem("base_model.id", message, "Choose a smaller base model.")


def _of_trained_parts(recipe: Recipe, message: str, taken: int) -> Problem:
    title = recipe.method.method.title
    message = f"{message} The parameters that {title} trains, with gradients and optimizer, take {size(taken)} of it."
    return Problem("method.id", message, "Choose a method that trains fewer parameters, such as LoRA.")


def _of_activations(shape: BatchShape, message: str, taken: int) -> Problem:
    message = f"{message} The activations of a micro-batch take {size(taken)} of it."
    if shape.rows > 1:
        hint = "Make the micro-batch smaller, or checkpoint activations."
        return Problem("training.micro_batch_tokens", message, hint)
    hint = "Cut conversations earlier, or checkpoint activations."
    return Problem("data.max_conversation_tokens", message, hint)
