"""Tries the micro-batch with the highest peak memory before a run goes far, and says whether memory will suffice.

A sharded step has one such micro-batch in each shard, and these are computed side by side. What is computed is dropped
and all random states are put back, so that the run is the same to the bit as without. Knows nothing of what to do where
memory does not suffice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.worker.dataset.collator import Collator, Step
from engine.worker.planning.feasibility import ESTIMATE_TOLERANCE
from engine.worker.planning.peak_batch import PeakStep, find_peak_step
from engine.worker.runtime import devices, oom
from engine.worker.runtime.random_state import same_random_numbers
from engine.worker.training.step_gradients import Abort
from engine.worker.training.training_run import TrainingRun, TrainState

# A run that is planned to take no more of the free memory is probed after its first step, which a person waits for.
SAFE_FRACTION = 1 / 4


def is_urgent(run: TrainingRun) -> bool:
    """Tell whether memory may be so short, or the plan is so unknown, that the probe comes before the first step."""
    planned = sum(run.planned_memory.values())
    return not 0 < planned <= SAFE_FRACTION * devices.available_bytes(run.base.device)


def check(run: TrainingRun, state: TrainState, should_abort: Abort) -> dict[str, Any] | None:
    """Try the steps to come; return the facts of the event `memory_probed`, None if it was aborted.

    On a card micro-batches are halved until they fit; `state.gradients` then knows their tokens. Where the computer's
    own memory falls short by far, nothing is tried: the system would end whatever program it likes. Raises
    oom.MemoryExceeded if the run does not fit, and what libraries raise where memory is at its end.
    """
    available, planned = devices.available_bytes(run.base.device), sum(run.planned_memory.values())
    is_shared = run.base.device.type in oom.SHARED_MEMORY
    if is_shared and planned > ESTIMATE_TOLERANCE * available:
        raise oom.MemoryExceeded(planned, available)
    collator = run.collator
    while True:
        step = find_peak_step(collator, run.sampler, range(run.step, run.total_steps))
        facts = _try(run, state, collator, step, should_abort)
        if facts is None or facts["needed"] <= facts["available"]:
            return facts
        if is_shared or step.largest.rows <= 1:
            raise oom.MemoryExceeded(facts["needed"], facts["available"])
        collator = collator.with_tokens(step.largest.tokens // 2)
        state.gradients.fitting_tokens = collator.tokens


def _try(
    run: TrainingRun, state: TrainState, collator: Collator, step: PeakStep, should_abort: Abort
) -> dict[str, Any] | None:
    """Compute the largest micro-batches of a step; return what that took and what there is, None if aborted."""
    examples = [run.train[index] for index in step.examples]
    available, planned = devices.available_bytes(run.base.device), sum(run.planned_memory.values())
    weights = [[shape.weight for shape in shard] for shard in collator.batch_shapes(examples)]
    began = time.perf_counter()
    with devices.PeakMemory(run.base.device) as peak, same_random_numbers(run.base.device):
        batches = _peak_batches(collator(examples), weights)
        if not state.gradients.dry_run(batches, run.step, should_abort):
            return None
    # The other micro-batches take their time by their weight.
    seconds = (time.perf_counter() - began) * max(map(sum, weights)) / max(map(max, weights))
    # What an optimizer stores comes with its first update, if no checkpoint has brought it.
    to_come = 0 if state.optimizer.state else run.planned_memory.get("optimizer", 0)
    return {
        "needed": peak.bytes + to_come,
        "available": available,
        "planned": planned,
        "seconds": round(seconds, 3),
        "examples": len(examples),
        "rows": step.largest.rows,
        "input_length": step.largest.input_length,
        "label_length": step.largest.label_length,
    }


def _peak_batches(step: Step, weights: Sequence[Sequence[float]]) -> Step:
    """Return a step with the heaviest micro-batch of each shard alone."""
    chosen = (shard[batch.index(max(batch))] for shard, batch in zip(step.shards, weights, strict=True))
    return replace(step, shards=tuple((batch,) for batch in chosen))
