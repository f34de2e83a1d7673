"""Before a run's first step: its heaviest micro-batch is computed once, for the memory and the time that it takes.

Where a step is computed in shares, the heaviest of each share are, side by side.

What is computed is forgotten, and every random number that was drawn is put back, so that the run is the same to the
bit as without. Knows nothing of what to do where memory does not suffice.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from engine.worker.dataset.batch_packing import Load
from engine.worker.dataset.collator import Collator, StepSampler
from engine.worker.dataset.prompting import Encoded
from engine.worker.planning.feasibility import CERTAINTY
from engine.worker.planning.peak_batch import find_peak_step
from engine.worker.runtime import devices, oom
from engine.worker.training.step_gradients import StepTrainer

CHECKPOINTED = {"use_reentrant": False}


@dataclass(frozen=True)
class ProbedStep:
    """The step with the heaviest micro-batch: its examples, and that micro-batch's shape."""

    examples: Sequence[Encoded]
    load: Load


def heaviest_step(
    examples: Sequence[Encoded], collator: Collator, sampler: StepSampler, steps: range
) -> ProbedStep:
    """Return the heaviest of a run's steps, as the loader will form them; `steps` are counted from 0, and not empty."""
    peak = find_peak_step(collator, sampler, steps).with_label_tokens(
        lambda index: examples[index].learned_tokens
    )
    return ProbedStep([examples[index] for index in peak.examples], peak.largest)


class Probe:
    """Tries a run's heaviest step, in the run's form and in others."""

    def __init__(self, loop: StepTrainer, step: ProbedStep, device: torch.device) -> None:
        """Prepare; nothing is computed yet."""
        self.step = step
        self.seconds: float | None = None
        self.is_tried = False
        self.available = devices.room_bytes(device)
        self._loop = loop
        self._device = device

    def look(self, collator: Collator, planned: Mapping[str, int]) -> dict[str, Any]:
        """Compute the step's heaviest micro-batch; return what is known then, as the event `memory_probed` carries it.

        Memory is at its peak there, and the step's other micro-batches take their time by their weight. `planned` is
        the planned memory by its parts. Where the computer's own memory is what does not suffice by far, nothing is
        tried: the system would end whatever program it likes. Raises shortage.Exceeded if the run does not fit, and
        what libraries raise where memory is at its end.
        """
        expected = sum(planned.values())
        if self._device.type not in ("cuda", "xpu") and expected > CERTAINTY * self.available:
            raise oom.Exceeded(expected, self.available)
        self.is_tried = True
        weights = [[load.weight for load in share] for share in collator.loads(self.step.examples)]
        heaviest_ones = [share.index(max(share)) for share in weights]
        began = time.perf_counter()
        with devices.Peak(self._device) as peak:
            self._compute(collator, heaviest_ones)
        taken = time.perf_counter() - began
        self.seconds = taken * max(map(sum, weights)) / max(map(max, weights))
        # What an optimizer keeps comes with its first update, if no checkpoint has brought it.
        to_come = 0 if self._loop.optimizer.state else planned.get("optimizer", 0)
        needed = peak.bytes + to_come
        if needed > self.available:
            raise oom.Exceeded(needed, self.available)
        load = self.step.load
        return {
            "needed": needed,
            "available": self.available,
            "planned": expected,
            "seconds": round(self.seconds, 3),
            "examples": len(self.step.examples),
            "rows": load.rows,
            "input_length": load.input_length,
            "label_length": load.label_length,
        }

    def seconds_as(self, collator: Collator, *, checkpointed: bool) -> float | None:
        """Return how long the step takes in another form, None where memory does not suffice for that either."""
        model = self._loop.model
        if checkpointed:
            # Replicas have the model's form of when they were made.
            self._loop.end_replicas()
            model.activation_checkpointing_enable(CHECKPOINTED)
        try:
            return self._timed(collator)
        finally:
            if checkpointed:
                self._loop.end_replicas()
                model.activation_checkpointing_disable()

    def seconds_at_once(self, collator: Collator, *, checkpointed: bool) -> float | None:
        """Return how long the step would take if memory sufficed, None where smaller micro-batches don't tell.

        What a micro-batch costs whatever its size shows when there are twice as many of them.
        """
        tokens = self.step.load.rows * collator.width(self.step.examples) * collator.shares
        parts = self._in_a_row(collator)
        smaller = [collator.of_size(tokens // share) for share in (2, 4)]
        counts = list(map(self._in_a_row, smaller))
        few, many = (self.seconds_as(each, checkpointed=checkpointed) for each in smaller)
        if few is None or many is None or counts[0] == counts[1]:
            return None
        each_costs = max(0.0, (many - few) / (counts[1] - counts[0]))
        # Most of a step is no cost of its parts: noise must not say so.
        return max(few / 2, few - each_costs * (counts[0] - parts))

    def _in_a_row(self, collator: Collator) -> int:
        """Return how many micro-batches of the step are computed one after the other."""
        return max(map(len, collator.loads(self.step.examples)))

    def _timed(self, collator: Collator) -> float | None:
        """Compute twice and time the second: the first finds memory and kernels for these shapes."""
        try:
            self._compute(collator)
            began = time.perf_counter()
            self._compute(collator)
        except (RuntimeError, MemoryError) as error:
            if not oom.is_one(error):
                raise
            return None
        return time.perf_counter() - began

    def _compute(self, collator: Collator, micro_batches: Sequence[int] | None = None) -> None:
        """Compute the step, or one micro-batch of each share alone."""
        step = collator(self.step.examples)
        if micro_batches is not None:
            chosen = zip(step.shares, micro_batches, strict=True)
            step = replace(step, shares=tuple((share[place],) for share, place in chosen))
        with same_random_numbers():
            self._loop.rehearse(step)


@contextmanager
def same_random_numbers() -> Iterator[None]:
    """Put back the state of every source of random numbers behind the work inside."""
    own, arrays, processor = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cards = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    try:
        yield
    finally:
        random.setstate(own)
        np.random.set_state(arrays)
        torch.set_rng_state(processor)
        if cards:
            torch.cuda.set_rng_state_all(cards)
