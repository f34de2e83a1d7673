"""Grows a card's micro-batches: doubled until one would fill the card, or a step is hardly faster.

A plan estimates what fits before a weight is loaded; here it is measured. Knows nothing of how a size is tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.worker.dataset.batch_packing import BatchShape
from engine.worker.dataset.collator import MAX_GPU_TOKENS
from engine.worker.planning.peak_batch import find_peak_step
from engine.worker.planning.requirements import FILLED
from engine.worker.runtime import rank_group
from engine.worker.training.training_run import TrainingRun

# A larger micro-batch has to be so many times as fast: below that, timing is noise and memory is better left free.
MIN_SPEEDUP = 1.03


@dataclass(frozen=True)
class Trial:
    """What a run's peak step takes with so many `tokens` at a time.

    `largest_tokens` are those of its largest micro-batch, padding included; `facts` are those of the event
    `memory_probed`; the speed counts tokens without padding.
    """

    tokens: int
    largest_tokens: int
    facts: dict[str, Any]
    tokens_per_second: float

    @property
    def leaves_room(self) -> bool:
        """Tell whether the peak leaves as much of the card free as a plan does."""
        return bool(self.facts["needed"] <= FILLED * self.facts["available"])


def is_due(run: TrainingRun) -> bool:
    """Tell whether a run's micro-batches are to be grown: nothing decides them, and no earlier run has found them.

    Only before the first step, so that every step of a run has the same.
    """
    return run.step == 0 and run.probed is not None and not run.probed.tokens


def grow(run: TrainingRun, first: Trial, attempt: Callable[[int], Trial | None]) -> Trial:
    """Return the trial of the best size, from the first on; `attempt` returns None for a size that does not fit."""
    best = first
    while (size := _next_size(run, best.tokens)) is not None:
        larger = attempt(size)
        if larger is None or not larger.leaves_room:
            break
        if larger.tokens_per_second < MIN_SPEEDUP * best.tokens_per_second:
            break
        best = larger
    return best


def _next_size(run: TrainingRun, tokens: int) -> int | None:
    """Return the next size by doubling with which a run's largest micro-batch is larger, None if there is none."""
    now = _largest(run, tokens)
    while (tokens := 2 * tokens) <= rank_group.size() * MAX_GPU_TOKENS:
        if _largest(run, tokens) != now:
            return tokens
    return None


def _largest(run: TrainingRun, tokens: int) -> BatchShape:
    collator = run.collator.with_tokens(tokens)
    return find_peak_step(collator, run.sampler, range(run.total_steps)).largest
