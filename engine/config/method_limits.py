"""What a method can't do with a run's training options, whatever the base model."""

from __future__ import annotations

from engine.config.training import TrainingOptions
from engine.errors import Problem
from engine.methods import Quantization, named
from engine.methods.base import Method
from engine.options import Options


def problems(
    method: Method,
    options: Options,
    start_from: str,
    training: TrainingOptions | None,
    quantization: Quantization,
) -> list[Problem]:
    """Return what does not go together; `start_from` is the adapter that training goes on from, "" without one."""
    found = []
    if start_from and not method.whole_in_file(options):
        message = f"A run can't start from such an adapter of {method.title}."
        hint = "Its file does not hold everything that training needs. Train without it."
        found.append(Problem("method.start_from", message, hint))
    if training is not None and training.activation_checkpointing and not method.checkpoints_activations:
        message = f"{method.title} does not work with checkpointed activations."
        hint = f"Switch them off, or use {named(method.nearest)}."
        found.append(Problem("training.activation_checkpointing", message, hint))
    if training is not None and training.shard:
        found += _sharding(method, quantization)
    return found


def _sharding(method: Method, quantization: Quantization) -> list[Problem]:
    found, field = [], "training.shard"
    if quantization == "int8":
        message = "A base model in int8 can't be sharded: bitsandbytes does not put its parts together again."
        found.append(Problem(field, message, "Choose nf4, or no quantization."))
    if not method.shards:
        message = f"{method.title} trains too much for a sharded base model."
        hint = f"Each process has all that is trained. Use {named(method.nearest)}."
        found.append(Problem(field, message, hint))
    return found
