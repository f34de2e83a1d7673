"""Whether a run's memory fits the device, and what to change where it does not. Knows not how it is estimated."""

from __future__ import annotations

from collections.abc import Mapping

from engine.config.recipe import Recipe
from engine.errors import Problem
from engine.system.units import size
from engine.worker.dataset.batch_packing import Load

# Estimates are right within 15 %: what may yet fit is not refused.
CERTAINTY = 1.15
LEARNING = ("adapter", "gradients", "optimizer")


def problem(recipe: Recipe, parts: Mapping[str, int], load: Load, memory_bytes: int) -> Problem | None:
    """Return why a run that takes these bytes can't be done with `memory_bytes`, None if it may be.

    The problem stands beside what would help most: the largest of weights, learning and activations.
    """
    needed = sum(parts.values())
    if needed <= CERTAINTY * memory_bytes:
        return None
    message = f"This run takes about {size(needed)} of memory, and there are {size(memory_bytes)}."
    learning = sum(parts[name] for name in LEARNING)
    largest = max(parts["weights"], learning, parts["activations"])
    if largest == parts["weights"]:
        return _of_weights(recipe, message, largest)
    if largest == learning:
        return _of_learning(recipe, message, largest)
    return _of_activations(load, message, largest)


def _of_weights(recipe: Recipe, message: str, taken: int) -> Problem:
    told = f"{message} The base model's weights take {size(taken)} of it."
    if recipe.base_model.quantization == "none" and "nf4" in recipe.method.method.quantizations:
        hint = "Quantize the base model, or choose a smaller one."
        return Problem("base_model.quantization", told, hint)
    return Problem("base_model.id", told, "Choose a smaller base model.")


def _of_learning(recipe: Recipe, message: str, taken: int) -> Problem:
    title = recipe.method.method.title
    told = f"{message} What {title} trains, with gradients and optimizer, takes {size(taken)} of it."
    return Problem("method.id", told, "Choose a method that trains fewer numbers, such as LoRA.")


def _of_activations(load: Load, message: str, taken: int) -> Problem:
    told = f"{message} The activations of a micro-batch take {size(taken)} of it."
    if load.rows > 1:
        hint = "Make the micro-batch smaller, or checkpoint activations."
        return Problem("training.micro_batch_tokens", told, hint)
    hint = "Cut conversations earlier, or checkpoint activations."
    return Problem("data.max_conversation_tokens", told, hint)
