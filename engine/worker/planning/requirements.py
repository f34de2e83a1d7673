"""Estimates the memory that a run requires, in how many processes its steps are computed, and whether that fits.

The micro-batches with the highest peak memory are found from the token lengths of the examples alone, by the steps that
the loader would form.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import torch
from peft import PeftModel

from engine.config.recipe import Recipe
from engine.config.training import TrainingOptions, total_steps
from engine.errors import Problem
from engine.messages import counted, say
from engine.methods import Family
from engine.system.units import size
from engine.worker.dataset.batch_packing import BatchShape, Size, shape_of
from engine.worker.dataset.collator import (
    MAX_GPU_TOKENS,
    MIN_GPU_TOKENS,
    Collator,
    StepSampler,
    micro_batch_tokens,
)
from engine.worker.kernels.registry import enabled
from engine.worker.modeling.architecture import ModelArchitecture
from engine.worker.planning.memory_estimate import ESTIMATE_TOLERANCE, RUNTIME_BYTES, memory, sharded
from engine.worker.planning.meta_trace import activation_bytes
from engine.worker.runtime import devices, oom, rank_joining

# The part of a GPU's memory that a run is planned to take: estimates are within 15 %.
FILLED = 0.85
TRAINED_PARTS = ("adapter", "gradients", "optimizer")
# Examples that are looked through: by then most pairs of long examples have shared a step.
MAX_EXAMPLES = 300_000


class Memo:
    """One value per name, valid as long as its key stays the same: most edits of a form change little of its plan."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[Hashable, Any]] = {}

    def get(self, name: str, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return the value that was made for the same key, or make it now."""
        if name not in self._values or self._values[name][0] != key:
            self._values[name] = (key, make())
        return self._values[name][1]


@dataclass(frozen=True)
class Processes:
    """How many processes compute a step, and whether each holds only its part of the base model (FSDP).

    Each has a GPU or memory of its own.
    """

    count: int = 1
    sharded: bool = False

    def of(self, recipe: Recipe) -> Processes:
        """Return them as they carry out a recipe, which may ask for a sharded base model."""
        return replace(self, sharded=self.sharded or recipe.training.shard)

    def problems(self, recipe: Recipe) -> list[Problem]:
        """Return why a run of the recipe can't be shared out in this way."""
        if self.sharded and self.count == 1:
            message = "Sharding needs at least two processes."
            hint = "Choose device all, or start several processes."
            return [Problem("training.shard", message, hint)]
        batch_size = recipe.training.batch_size
        if recipe.method.method.trains and self.count > batch_size:
            message = say(
                "A step has {}, too few for {:,} processes.", counted(batch_size, "example"), self.count
            )
            return [Problem("training.batch_size", message, "Raise the batch size, or use fewer processes.")]
        return []


ONE_PROCESS = Processes()


@dataclass(frozen=True)
class PeakStep:
    """The largest micro-batch of each shard in the step with the highest peak memory.

    Shards are computed side by side, so their largest micro-batches may be in memory at once.
    """

    shapes: Sequence[BatchShape] = ()

    @property
    def largest(self) -> BatchShape:
        """The shape of the largest micro-batch."""
        return max(self.shapes, key=lambda shape: shape.weight, default=BatchShape())

    @property
    def weight(self) -> float:
        """The weight of all its micro-batches together."""
        return sum(shape.weight for shape in self.shapes)

    @property
    def relative_weight(self) -> float:
        """The weight of all its micro-batches as a multiple of the largest one's."""
        return self.weight / self.largest.weight if self.shapes else 1.0


def predict_peak_step(
    training: TrainingOptions,
    family: Family,
    lengths: Sequence[Size],
    tokens: int,
    shards: int = 1,
    *,
    in_one_memory: bool = True,
) -> PeakStep:
    """Return the peak step of a run on examples of these input and label lengths.

    `tokens` are the padded tokens of a step's micro-batches that are computed at a time. Of shards that are not
    `in_one_memory`, only the one with the largest micro-batch counts.
    """
    rows = lengths if family == "encoder-decoder" else [(sum(pair), sum(pair)) for pair in lengths]
    sizes = np.array(rows, dtype=np.int32).reshape(-1, 2)
    sampler = StepSampler(sizes, training.batch_size, training.seed, training.order)
    steps, _ = total_steps(len(lengths), training)
    collator = Collator(family, 0, tokens, shards)
    peak, micro_batches = PeakStep(), list[list[int]]()
    for step in islice(sampler.from_step(0), min(steps, max(1, MAX_EXAMPLES // sampler.batch_size))):
        of_step = sampler.sizes(step)
        # Of each shard its largest micro-batch, as indices in the step, and its shape.
        largest = [
            max(
                ((group, shape_of([of_step[index] for index in group])) for group in shard),
                key=lambda each: each[1].weight,
            )
            for shard in collator.groups(of_step)
        ]
        if not in_one_memory:
            largest = [max(largest, key=lambda each: each[1].weight)]
        found = PeakStep([shape for _, shape in largest])
        if found.weight > peak.weight:
            peak, micro_batches = found, [[step[index] for index in group] for group, _ in largest]
    label_tokens = [sum(lengths[index][1] for index in batch) for batch in micro_batches]
    return PeakStep([
        replace(shape, label_tokens=count) for shape, count in zip(peak.shapes, label_tokens, strict=True)
    ])  # fmt: skip


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

        On a CPU, steps are computed by as many ranks as suit them, or by one where memory does not suffice for more; on
        a GPU as many tokens at a time as fill it. Without examples there is nothing to estimate.
        """
        training, shares_memory = self.recipe.training, self.device.type in oom.SHARED_MEMORY
        # Processes on GPUs share no memory: each computes so many tokens at a time.
        gpus = 1 if shares_memory else self.processes.count
        tokens = gpus * micro_batch_tokens(training, self.device.type, self.base.activations_per_token)
        ranks = 1
        if self.processes.count == 1 and self.device.type == "cpu" and enabled("ranks", "cpu"):
            ranks = rank_joining.suited(training.batch_size, self.base.num_parameters)
        estimate = Estimate({})
        for replicas in dict.fromkeys((ranks, 1)):
            estimate = self._of_size(tokens, replicas, lengths, memo)
            if estimate.problem is None:
                break
        if not (shares_memory or training.micro_batch_tokens) and estimate.parts:
            estimate = self._filling(estimate, gpus, lengths, memo)
        return estimate.facts, estimate.problem

    def _filling(self, first: Estimate, gpus: int, lengths: list[tuple[int, int]], memo: Memo) -> Estimate:
        """Return the estimate with the largest micro-batch that fills a GPU to `FILLED`, or the smallest there is.

        Activations grow with the tokens, so two or three sizes are tried, powers of two.
        """
        activations = max(1, first.parts["activations"])
        room = FILLED * first.facts["memory_there_bytes"] - (first.facts["memory_bytes"] - activations)
        expected = first.facts["micro_batch_tokens"] / gpus * room / activations
        exponent = math.floor(math.log2(max(expected, MIN_GPU_TOKENS)))
        tokens, best = gpus * max(MIN_GPU_TOKENS, min(MAX_GPU_TOKENS, 1 << exponent)), first
        while True:
            if tokens != best.facts["micro_batch_tokens"]:
                best = self._of_size(tokens, 1, lengths, memo)
            fits = best.facts["memory_bytes"] <= FILLED * best.facts["memory_there_bytes"]
            if fits or tokens <= gpus * MIN_GPU_TOKENS or best.facts["micro_batch"]["rows"] <= 1:
                return best
            tokens //= 2

    def _of_size(self, tokens: int, replicas: int, lengths: list[tuple[int, int]], memo: Memo) -> Estimate:
        """Return the estimate for so many tokens at a time, in so many processes."""
        several = self.processes.count > 1
        shards = self.processes.count if several else replicas
        key = (self.recipe.training, self.family, lengths, tokens, shards)
        predict = partial(predict_peak_step, *key, in_one_memory=not several)
        peak: PeakStep = memo.get(f"peak_step_{tokens}_{shards}_{several}", key, predict)
        if not peak.shapes:
            return Estimate({})
        shares_memory = self.device.type in oom.SHARED_MEMORY
        sizes: dict[str, Any] = {
            "micro_batch": peak.largest.as_dict(),
            "micro_batch_tokens": tokens,
            "replicas": replicas,
        }
        if several:
            sizes |= {"processes": self.processes.count, "sharded": self.processes.sharded}
        if several and not shares_memory:
            # A sharded base model is whole in each process's own memory before it is shared out.
            loaded = self.base.weight_bytes(self.recipe.base_model) if self.processes.sharded else 0
            sizes["host_memory_bytes"] = self.processes.count * (RUNTIME_BYTES + loaded)
        if not enabled("meta_trace"):
            # The memory is unknown then, and the run itself finds out.
            return Estimate(sizes)
        parts, capacity = self._parts(peak, memo), devices.capacity_bytes(self.device)
        if shares_memory:
            capacity //= self.processes.count
        problem = memory_problem(self.recipe, parts, peak.largest, capacity)
        facts = {
            "memory": parts,
            "memory_bytes": sum(parts.values()),
            "memory_there_bytes": capacity,
            "memory_suffices": problem is None,
        }
        return Estimate(facts | sizes, parts, problem)

    def _parts(self, peak: PeakStep, memo: Memo) -> dict[str, int]:
        """Return the bytes of each part of the peak memory."""
        options, training = self.recipe.base_model, self.recipe.training
        # Most edits change nothing of a micro-batch's activations.
        on_device = devices.name(self.device)
        key = (options, self.recipe.method, peak.largest, on_device, training.activation_checkpointing)
        trace = partial(
            activation_bytes,
            self.model,
            self.family,
            peak.largest,
            self.device.type,
            checkpointed=training.activation_checkpointing,
            keeps_inputs=options.quantization == "int8",
        )
        largest: int = memo.get("activations", key, trace)
        parts = memory(
            self.base,
            self.model,
            options,
            training.optimizer,
            # The other micro-batches are taken to need as much by weight.
            round(peak.relative_weight * largest),
            device_type=self.device.type,
            replicas=len(peak.shapes),
            sums=self.processes.count > 1,
        )
        if not self.processes.sharded:
            return parts
        return sharded(parts, self.processes.count, self.base.gathered_bytes(options))


def memory_problem(
    recipe: Recipe, parts: Mapping[str, int], shape: BatchShape, available: int
) -> Problem | None:
    """Return why a run that needs these bytes can't be done with `available` ones, None if it may be.

    `shape` is that of the largest micro-batch. The problem stands beside the field that helps most: that of the
    largest of weights, trained parts and activations.
    """
    needed = sum(parts.values())
    if needed <= ESTIMATE_TOLERANCE * available:
        return None
    message = say("This run needs about {} of memory; {} is available.", size(needed), size(available))
    trained, weights = sum(parts[name] for name in TRAINED_PARTS), parts["weights"]
    largest, method = max(weights, trained, parts["activations"]), recipe.method.method
    if largest == weights:
        message = say("{} The base model takes {} of it.", message, size(weights))
        if recipe.base_model.quantization == "none" and "nf4" in method.quantizations:
            hint = "Quantize the base model, or choose a smaller one."
            return Problem("base_model.quantization", message, hint)
        return Problem("base_model.id", message, "Choose a smaller base model.")
    if largest == trained:
        message = say(
            "{} The parameters that {} trains take {} of it, with gradients and optimizer.",
            message,
            method.title,
            size(trained),
        )
        return Problem("method.id", message, "Choose a method with fewer parameters, such as LoRA.")
    message = say("{} Activations take {} of it.", message, size(largest))
    if shape.rows > 1:
        hint = "Make the micro-batch smaller, or checkpoint activations."
        return Problem("training.micro_batch_tokens", message, hint)
    hint = "Lower the conversation limit, or checkpoint activations."
    return Problem("data.max_conversation_tokens", message, hint)
