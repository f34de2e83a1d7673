"""Estimates the memory that a run requires, and in how many processes its steps are computed.

Knows nothing of recipe files, and of examples only their lengths.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from peft import PeftModel

from engine.config.recipe import Recipe
from engine.errors import Problem
from engine.methods import Family
from engine.worker.dataset.collator import MAX_GPU_TOKENS, MIN_GPU_TOKENS, micro_batch_tokens
from engine.worker.kernels.registry import enabled
from engine.worker.modeling.architecture import ModelArchitecture
from engine.worker.planning import feasibility
from engine.worker.planning.memo import Memo
from engine.worker.planning.memory_estimate import RUNTIME_BYTES, memory, sharded
from engine.worker.planning.meta_trace import activation_bytes
from engine.worker.planning.peak_batch import PeakStep, predict_peak_step
from engine.worker.planning.processes import ONE_PROCESS, Processes
from engine.worker.runtime import devices, oom, rank_joining

# The part of a card's memory that a run is planned to take: estimates are within 15 %.
FILLED = 0.85


@dataclass(frozen=True)
class Estimate:
    """The facts of a plan on memory, the bytes of its parts, and why the run can't be done, if so."""

    facts: dict[str, Any]
    parts: Mapping[str, int] = field(default_factory=dict)
    problem: Problem | None = None


@dataclass(frozen=True)
class Requirements:
    """A run's recipe, base model, device, and the model with the adapter on it, without weights.

    Of several `processes`, the memory of one is estimated.
    """

    recipe: Recipe
    family: Family
    model: PeftModel
    base: ModelArchitecture
    device: torch.device
    processes: Processes = ONE_PROCESS

    def estimate(self, lengths: list[tuple[int, int]], memo: Memo) -> tuple[dict[str, Any], Problem | None]:
        """Return the memory for examples of these lengths as a plan has it, and why the run can't be done, if so.

        On a processor, steps are computed by as many ranks as suit them, or by one where memory does not suffice for
        more; on a card as many tokens at a time as fill it. Without examples there is nothing to estimate.
        """
        training = self.recipe.training
        tokens = self._cards * micro_batch_tokens(training, self.device.type, self.base.activations_per_token)
        suited = self._suited_ranks()
        estimate = Estimate({})
        for replicas in dict.fromkeys((suited, 1)):
            estimate = self._of_size(tokens, replicas, lengths, memo)
            if estimate.problem is None:
                break
        if self.device.type in oom.SHARED_MEMORY or training.micro_batch_tokens or not estimate.parts:
            return estimate.facts, estimate.problem
        return self._filling(estimate, lengths, memo)

    @property
    def _cards(self) -> int:
        """How many times a process's tokens are computed at a time: processes on cards share no memory."""
        return 1 if self.device.type in oom.SHARED_MEMORY else self.processes.count

    def _suited_ranks(self) -> int:
        if self.processes.count > 1 or self.device.type != "cpu" or not enabled("ranks", "cpu"):
            return 1
        return rank_joining.suited(self.recipe.training.batch_size, self.base.num_parameters)

    def _filling(
        self, first: Estimate, lengths: list[tuple[int, int]], memo: Memo
    ) -> tuple[dict[str, Any], Problem | None]:
        """Return the estimate with the largest micro-batch that fills a card to `FILLED`, or the smallest there is.

        Activations grow with the tokens, so two or three sizes are tried.
        """
        tokens, best = self._tokens_that_fill(first), first
        while True:
            if tokens != best.facts["micro_batch_tokens"]:
                best = self._of_size(tokens, 1, lengths, memo)
            fits = best.facts["memory_bytes"] <= FILLED * best.facts["memory_there_bytes"]
            if fits or tokens <= self._cards * MIN_GPU_TOKENS or best.facts["micro_batch"]["rows"] <= 1:
                return best.facts, best.problem
            tokens //= 2

    def _tokens_that_fill(self, first: Estimate) -> int:
        """Return a power of two that the first estimate lets expect to fill the card."""
        activations = max(1, first.parts["activations"])
        room = FILLED * first.facts["memory_there_bytes"] - (first.facts["memory_bytes"] - activations)
        expected = first.facts["micro_batch_tokens"] / self._cards * room / activations
        exponent = math.floor(math.log2(max(expected, MIN_GPU_TOKENS)))
        return self._cards * max(MIN_GPU_TOKENS, min(MAX_GPU_TOKENS, 1 << exponent))

    def _of_size(self, tokens: int, replicas: int, lengths: list[tuple[int, int]], memo: Memo) -> Estimate:
        """Return the estimate for so many tokens at a time, in so many processes."""
        apart = self.processes.count > 1
        shards = self.processes.count if apart else replicas
        key = (self.recipe.training, self.family, lengths, tokens, shards)
        predict = partial(predict_peak_step, *key, in_one_memory=not apart)
        peak: PeakStep = memo.get(f"peak_step_{tokens}_{shards}_{apart}", key, predict)
        if not peak.shapes:
            return Estimate({})
        sizes = {
            "micro_batch": peak.largest.as_dict(),
            "micro_batch_tokens": tokens,
            "replicas": replicas,
            **self._process_facts(),
        }
        if not enabled("meta_trace"):
            # The memory is unknown then, and the run itself finds out.
            return Estimate(sizes)
        parts, capacity = self._parts(peak, memo), self._capacity_of_a_process()
        problem = feasibility.problem(self.recipe, parts, peak.largest, capacity)
        memory_facts = {
            "memory": parts,
            "memory_bytes": sum(parts.values()),
            "memory_there_bytes": capacity,
            "memory_suffices": problem is None,
        }
        return Estimate(memory_facts | sizes, parts, problem)

    def _process_facts(self) -> dict[str, Any]:
        """Return the number of processes, if there are several, and what they take of the computer's own memory."""
        if self.processes.count == 1:
            return {}
        facts = {"processes": self.processes.count, "sharded": self.processes.sharded}
        if self.device.type in oom.SHARED_MEMORY:
            return facts
        # A sharded base model is whole in each process's own memory before it is shared out.
        loaded = self.base.weight_bytes(self.recipe.base_model) if self.processes.sharded else 0
        return facts | {"host_memory_bytes": self.processes.count * (RUNTIME_BYTES + loaded)}

    def _capacity_of_a_process(self) -> int:
        """Return the memory of a card, or of the computer's memory the part of one process."""
        capacity = devices.capacity_bytes(self.device)
        return capacity // self.processes.count if self.device.type in oom.SHARED_MEMORY else capacity

    def _parts(self, peak: PeakStep, memo: Memo) -> dict[str, int]:
        """Return the bytes of each part of the peak memory."""
        options, training = self.recipe.base_model, self.recipe.training
        # Most edits change nothing of a micro-batch's activations.
        on_device = devices.name(self.device)
        key = (options, self.recipe.method, peak.largest, on_device, training.activation_checkpointing)
        largest: int = memo.get("activations", key, partial(self._activations, peak))
        parts = memory(
            self.base,
            self.model,
            options,
            training.optimizer,
            round(peak.relative_weight * largest),
            device_type=self.device.type,
            replicas=len(peak.shapes),
            sums=self.processes.count > 1,
        )
        if not self.processes.sharded:
            return parts
        return sharded(parts, self.processes.count, self.base.gathered_bytes(options))

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
