"""Tries the micro-batch with the highest peak memory before a run goes far, and says whether memory will suffice.

On a card it also finds the size of micro-batches that uses the memory there is. Each rank tries its own largest
micro-batch, side by side with the others. What is computed is dropped and all random states are put back, so
that the run is the same to the bit as without. Knows nothing of what to do where memory does not suffice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.worker.dataset.collator import Collator, Step
from engine.worker.planning.feasibility import ESTIMATE_TOLERANCE
from engine.worker.planning.peak_batch import find_peak_step
from engine.worker.runtime import devices, oom, rank_group
from engine.worker.runtime.random_state import same_random_numbers
from engine.worker.training import micro_batch_growth
from engine.worker.training.micro_batch_growth import Trial
from engine.worker.training.step_gradients import Abort
from engine.worker.training.training_run import TrainingRun, TrainState

# A run that is planned to take no more of the free memory is probed after its first step, which a person waits for.
SAFE_FRACTION = 1 / 4


class _Aborted(Exception):
    """A stop interrupted the probe."""


def is_urgent(run: TrainingRun) -> bool:
    """Tell whether the probe has to come before the first step.

    Memory may be short, the plan unknown, or the size of micro-batches is to be found.
    """
    planned = sum(run.planned_memory.values())
    return micro_batch_growth.is_due(run) or not 0 < planned <= SAFE_FRACTION * devices.available_bytes(
        run.base.device
    )


def check(run: TrainingRun, state: TrainState, should_abort: Abort) -> dict[str, Any] | None:
    """Try the steps to come; return the facts of the event `memory_probed`, None if it was aborted.

    On a card micro-batches are halved until they fit, which `state.gradients` then knows, or doubled while that pays;
    the run then has the larger ones. Where the computer's own memory falls short by far, nothing is tried: the system
    would end whatever program it likes. Raises oom.MemoryExceeded if the run does not fit, and what libraries raise
    where memory is at its end.
    """
    available, planned = devices.available_bytes(run.base.device), sum(run.planned_memory.values())
    if run.base.device.type in oom.SHARED_MEMORY and planned > ESTIMATE_TOLERANCE * available:
        raise oom.MemoryExceeded(planned, available)
    try:
        trial = _fitting(run, state, should_abort)
        if micro_batch_growth.is_due(run):
            trial = _grown(run, state, trial, should_abort)
    except _Aborted:
        return None
    return trial.facts


def _fitting(run: TrainingRun, state: TrainState, should_abort: Abort) -> Trial:
    """Return the trial of the run's micro-batches, or of the largest smaller ones that fit."""
    collator = run.collator
    while True:
        trial = _try(run, state, collator, should_abort)
        needed, available = trial.facts["needed"], trial.facts["available"]
        if needed <= available:
            return trial
        if run.base.device.type in oom.SHARED_MEMORY or trial.facts["rows"] <= 1:
            raise oom.MemoryExceeded(needed, available)
        collator = collator.with_tokens(trial.largest_tokens // 2)
        state.gradients.fitting_tokens = collator.tokens


def _grown(run: TrainingRun, state: TrainState, first: Trial, should_abort: Abort) -> Trial:
    """Return the trial of the micro-batches that suit the card; the run has them from now on."""

    def attempt(tokens: int) -> Trial | None:
        collator = run.collator.with_tokens(tokens)
        # The first time kernels are loaded and memory is taken.
        _try(run, state, collator, should_abort)
        trial = _try(run, state, collator, should_abort)
        # Where memory ran out, the step was halved: not this size's time.
        has_halved, state.gradients.fitting_tokens = bool(state.gradients.fitting_tokens), 0
        return None if has_halved else trial

    if state.gradients.fitting_tokens:
        # They had to be halved: larger ones would not fit.
        return first
    best = micro_batch_growth.grow(run, attempt(first.tokens) or first, attempt)
    run.compute_at_a_time(best.tokens)
    if run.probed:
        run.probed.save(best.tokens)
    return best


def _try(run: TrainingRun, state: TrainState, collator: Collator, should_abort: Abort) -> Trial:
    """Compute the largest micro-batches of the peak step to come. Raises _Aborted."""
    peak_step = find_peak_step(collator, run.sampler, range(run.step, run.total_steps))
    examples = [run.train[index] for index in peak_step.examples]
    available, planned = devices.available_bytes(run.base.device), sum(run.planned_memory.values())
    weights = [[shape.weight for shape in shard] for shard in collator.batch_shapes(examples)]
    step = collator(examples)
    began = time.perf_counter()
    with devices.PeakMemory(run.base.device) as peak, same_random_numbers(run.base.device):
        own = weights[collator.own] if collator.own < len(weights) else []
        if not state.gradients.dry_run(_peak_batch(step, own), run.step, should_abort):
            raise _Aborted
    # The other micro-batches take their time by their weight.
    seconds = (time.perf_counter() - began) * max(map(sum, weights)) / max(map(max, weights))
    # What an optimizer stores comes with its first update, if no checkpoint has brought it.
    to_come = 0 if state.optimizer.state else run.planned_memory.get("optimizer", 0)
    largest = peak_step.largest
    needed = peak.bytes + to_come
    if group := rank_group.current():
        # All take the same next: the most that one needs, the least that one has, and how long rank 0 took.
        needed, available = group.largest([needed])[0], -group.largest([-available])[0]
        seconds = group.broadcast(seconds)
    facts = {
        "needed": needed,
        "available": available,
        "planned": planned,
        "seconds": round(seconds, 3),
        "examples": len(examples),
        "rows": largest.rows,
        "input_length": largest.input_length,
        "label_length": largest.label_length,
        "micro_batch_tokens": collator.tokens,
    }
    return Trial(collator.tokens, largest.tokens, facts, step.tokens / seconds)


def _peak_batch(step: Step, weights: Sequence[float]) -> Step:
    """Return a step with the heaviest of its micro-batches alone; without one where it has none."""
    chosen = [step.micro_batches[weights.index(max(weights))]] if weights else []
    return replace(step, micro_batches=tuple(chosen))
