"""What a run needs of the device's memory, and in how many processes its steps are computed there.

Knows nothing of recipes' files and of examples but their lengths.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch
from peft import PeftModel

from engine.config.recipe import Recipe
from engine.errors import Problem
from engine.methods import Family
from engine.worker.dataset.collator import micro_batch_tokens
from engine.worker.kernels.registry import enabled
from engine.worker.modeling.architecture import Outline
from engine.worker.planning import feasibility
from engine.worker.planning.memory_estimate import memory
from engine.worker.planning.meta_trace import activation_bytes
from engine.worker.planning.peak_batch import Heaviest, foretold
from engine.worker.runtime import devices

# Returns what was made under a name for the same key before, or makes it.
Keep = Callable[[str, Hashable, Callable[[], Any]], Any]


@dataclass(frozen=True)
class Needs:
    """A run's: its recipe, the base model's outline, and the model with the adapter on it, without weights."""

    recipe: Recipe
    family: Family
    model: PeftModel
    shape: Outline
    device: torch.device

    def told(self, lengths: list[tuple[int, int]], keep: Keep) -> tuple[dict[str, Any], Problem | None]:
        """Return the memory for examples of these lengths as a plan tells it, and why the run can't be done, if so.

        Steps are computed in as many processes as suit them, or in one where there is not the memory for more. Nothing
        is told of no examples.
        """
        training, facts, problem = self.recipe.training, {}, None
        tokens = micro_batch_tokens(training, self.device.type, self.shape.numbers_a_token)
        suited = devices.replicas(self.device, training.batch_size, self.shape.numbers)
        suited = suited if enabled("step_forks", self.device.type) else 1
        for replicas in dict.fromkeys((suited, 1)):
            key = (training, self.family, lengths, tokens, replicas)
            found: Heaviest = keep(f"heaviest_{replicas}", key, partial(foretold, *key))
            if not found.loads:
                break
            if not enabled("meta_trace"):
                # The memory is unknown then, and the run itself finds out.
                return {"micro_batch": asdict(found.load), "replicas": replicas}, None
            parts, there = self._parts(found, keep), devices.capacity_bytes(self.device)
            facts = {
                "memory": parts,
                "memory_bytes": sum(parts.values()),
                "memory_there_bytes": there,
                "micro_batch": asdict(found.load),
                "replicas": replicas,
            }
            problem = feasibility.problem(self.recipe, parts, found.load, there)
            if problem is None:
                break
        return facts, problem

    def _parts(self, found: Heaviest, keep: Keep) -> dict[str, int]:
        options, training = self.recipe.base_model, self.recipe.training
        # Most edits change nothing that a micro-batch keeps in memory.
        key = (options, self.recipe.method, found.load, self.device.type, training.activation_checkpointing)
        rehearsed: int = keep("activations", key, partial(self._rehearsed, found))
        return memory(
            self.shape,
            self.model,
            options,
            training.optimizer,
            round(found.at_once * rehearsed),
            on_cpu=self.device.type == "cpu",
            replicas=len(found.loads),
        )

    def _rehearsed(self, found: Heaviest) -> int:
        """Return what the heaviest micro-batch keeps; others beside it keep as much by their weight."""
        return activation_bytes(
            self.model,
            self.family,
            found.load,
            self.device.type,
            checkpointed=self.recipe.training.activation_checkpointing,
            keeps_inputs=self.recipe.base_model.quantization == "int8",
        )
