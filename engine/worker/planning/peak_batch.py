"""Which of a run's micro-batches are the heaviest, found from lengths alone, as the loader will form its steps.

The plan foretells memory by it, and a run computes it ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.config.training import TrainingOptions, total_steps
from engine.methods import Family
from engine.worker.dataset.batch_packing import Load, Size, load_of
from engine.worker.dataset.collator import Collator, StepSampler

# How far ahead a run is looked through: by then most pairs of long examples have met.
MOST_EXAMPLES = 300_000


@dataclass(frozen=True)
class Heaviest:
    """A step's example indices, and the heaviest micro-batch of each of its shares: its examples' and its shape.

    Shares are computed side by side, so these may be in memory at once.
    """

    step: Sequence[int] = ()
    micro_batches: Sequence[Sequence[int]] = ()
    loads: Sequence[Load] = ()

    @property
    def load(self) -> Load:
        """The heaviest of all."""
        return max(self.loads, key=lambda load: load.weight, default=Load())

    @property
    def at_once(self) -> float:
        """How many times the heaviest there is at once."""
        return self.weight / self.load.weight if self.loads else 1.0

    @property
    def weight(self) -> float:
        """How heavy they are together."""
        return sum(load.weight for load in self.loads)

    def with_learned(self, learned_tokens: Callable[[int], int]) -> Heaviest:
        """Return them with what is learned in them, of each example as a function tells."""
        counts = [sum(map(learned_tokens, batch)) for batch in self.micro_batches]
        loads = [replace(load, learned_tokens=count) for load, count in zip(self.loads, counts, strict=True)]
        return replace(self, loads=loads)


def foretold(
    training: TrainingOptions, family: Family, lengths: Sequence[Size], tokens: int, shares: int = 1
) -> Heaviest:
    """Return what is heaviest in a run, of so many tokens at a time; an example has lengths of inputs and labels."""
    rows = lengths if family == "encoder-decoder" else [(sum(pair), sum(pair)) for pair in lengths]
    sizes = np.array(rows, dtype=np.int32).reshape(-1, 2)
    sampler = StepSampler(sizes, training.batch_size, training.seed, training.order)
    steps, _ = total_steps(len(lengths), training)
    found = heaviest(Collator(family, 0, tokens, shares), sampler, range(steps))
    return found.with_learned(lambda index: lengths[index][1])


def heaviest(collator: Collator, sampler: StepSampler, steps: range) -> Heaviest:
    """Return what is heaviest in a run's steps, which are counted from 0 over all epochs."""
    found = Heaviest()
    most = max(1, MOST_EXAMPLES // sampler.batch_size)
    for _, step in zip(steps[:most], sampler.from_step(steps.start), strict=False):
        sizes = sampler.sizes(step)
        chosen = [_heaviest_of(share, sizes) for share in collator.groups(sizes)]
        loads = [load for _, load in chosen]
        if sum(load.weight for load in loads) > found.weight:
            found = Heaviest(step, [[step[place] for place in group] for group, _ in chosen], loads)
    return found


def _heaviest_of(share: Sequence[Sequence[int]], sizes: Sequence[Size]) -> tuple[Sequence[int], Load]:
    """Return the heaviest micro-batch of a share, and its shape."""
    loads = [(group, load_of([sizes[place] for place in group])) for group in share]
    return max(loads, key=lambda each: each[1].weight)
