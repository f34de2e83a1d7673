"""Estimates the memory that a run requires, and in how many processes its steps are computed.

Knows nothing of recipe files, and of examples only their lengths.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from peft import PeftModel

from engine.config.recipe import Recipe
from engine.errors import Problem
from engine.methods import Family
from engine.worker.dataset.collator import micro_batch_tokens
from engine.worker.kernels.registry import enabled
from engine.worker.modeling.architecture import ModelArchitecture
from engine.worker.planning import feasibility
from engine.worker.planning.memo import Memo
from engine.worker.planning.memory_estimate import memory
from engine.worker.planning.meta_trace import activation_bytes
from engine.worker.planning.peak_batch import PeakStep, predict_peak_step
from engine.worker.runtime import devices


@dataclass(frozen=True)
class Requirements:
    """A run's recipe, base model, device, and the model with the adapter on it, without weights."""

    recipe: Recipe
    family: Family
    model: PeftModel
    base: ModelArchitecture
    device: torch.device

    def estimate(self, lengths: list[tuple[int, int]], memo: Memo) -> tuple[dict[str, Any], Problem | None]:
        """Return the memory for examples of these lengths as a plan has it, and why the run can't be done, if so.

        Steps are computed in as many processes as suit them, or in one where memory does not suffice for more. Without
        examples there is nothing to estimate.
        """
        training, facts, problem = self.recipe.training, {}, None
        tokens = micro_batch_tokens(training, self.device.type, self.base.activations_per_token)
        suited = devices.process_count(self.device, training.batch_size, self.base.num_parameters)
        suited = suited if enabled("step_forks", self.device.type) else 1
        for replicas in dict.fromkeys((suited, 1)):
            key = (training, self.family, lengths, tokens, replicas)
            peak: PeakStep = memo.get(f"peak_step_{replicas}", key, partial(predict_peak_step, *key))
            if not peak.shapes:
                break
            if not enabled("meta_trace"):
                # The memory is unknown then, and the run itself finds out.
                return {"micro_batch": peak.largest.as_dict(), "replicas": replicas}, None
            parts, capacity = self._parts(peak, memo), devices.capacity_bytes(self.device)
            facts = {
                "memory": parts,
                "memory_bytes": sum(parts.values()),
                "memory_there_bytes": capacity,
                "micro_batch": peak.largest.as_dict(),
                "replicas": replicas,
            }
            problem = feasibility.problem(self.recipe, parts, peak.largest, capacity)
            if problem is None:
                break
        return facts, problem

    def _parts(self, peak: PeakStep, memo: Memo) -> dict[str, int]:
        """Return the bytes of each part of the peak memory."""
        options, training = self.recipe.base_model, self.recipe.training
        # Most edits change nothing of a micro-batch's activations.
        on_device = devices.name(self.device)
        key = (options, self.recipe.method, peak.largest, on_device, training.activation_checkpointing)
        largest: int = memo.get("activations", key, partial(self._activations, peak))
        return memory(
            self.base,
            self.model,
            options,
            training.optimizer,
            round(peak.relative_weight * largest),
            on_cpu=self.device.type == "cpu",
            replicas=len(peak.shapes),
        )

    def _activations(self, peak: PeakStep) -> int:
        """Return the activation bytes of the largest micro-batch; others are taken to need as much by weight."""
        return activation_bytes(
            self.model,
            self.family,
            peak.largest,
            self.device.type,
            checkpointed=self.recipe.training.activation_checkpointing,
            keeps_inputs=self.recipe.base_model.quantization == "int8",
        )
