"""Which of a run's micro-batches is the heaviest, found from lengths alone, as the loader will form its steps.

The plan foretells memory by it, and a run computes it ahead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from engine.methods import Family
from engine.training import TrainingOptions
from engine.worker.batches import Collator, StepSampler
from engine.worker.loads import Load, Size, load_of
from engine.worker.trainer import total_steps

# How far ahead a run is looked through: by then most pairs of long examples have met.
MOST_EXAMPLES = 300_000


@dataclass(frozen=True)
class Heaviest:
    """A step's example indices, those of its heaviest micro-batch, and that one's shape, without what is learned."""

    step: Sequence[int] = ()
    micro_batch: Sequence[int] = ()
    load: Load = field(default_factory=Load)


def foretold(training: TrainingOptions, family: Family, lengths: Sequence[Size], tokens: int) -> Load:
    """Return the heaviest micro-batch of a run, of so many tokens; an example has lengths of inputs and labels."""
    rows = lengths if family == "encoder-decoder" else [(sum(pair), sum(pair)) for pair in lengths]
    sizes = np.array(rows, dtype=np.int32).reshape(-1, 2)
    sampler = StepSampler(sizes, training.batch_size, training.seed, training.order)
    steps, _ = total_steps(len(lengths), training)
    found = heaviest(Collator(family, 0, tokens), sampler, range(steps))
    return replace(found.load, learned_tokens=sum(lengths[index][1] for index in found.micro_batch))


def heaviest(collator: Collator, sampler: StepSampler, steps: range) -> Heaviest:
    """Return the heaviest micro-batch of a run's steps, which are counted from 0 over all epochs."""
    found = Heaviest()
    most = max(1, MOST_EXAMPLES // sampler.batch_size)
    for _, step in zip(steps[:most], sampler.from_step(steps.start), strict=False):
        sizes = sampler.sizes(step)
        for group in collator.groups(sizes):
            load = load_of([sizes[place] for place in group])
            if load.weight > found.load.weight:
                found = Heaviest(step, [step[place] for place in group], load)
    return found
