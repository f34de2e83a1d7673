"""Finds the micro-batches of a run with the highest peak memory, from token lengths alone.

Steps are formed as the loader forms them. The plan predicts memory from the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from engine.config.training import TrainingOptions, total_steps
from engine.methods import Family
from engine.worker.dataset.batch_packing import BatchShape, Size, shape_of
from engine.worker.dataset.collator import Collator, StepSampler

# Examples that are looked through: by then most pairs of long examples have shared a step.
MAX_EXAMPLES = 300_000


@dataclass(frozen=True)
class PeakStep:
    """The step with the highest peak memory: indices of its examples, and the largest micro-batch of each shard.

    Shards are computed side by side, so their largest micro-batches may be in memory at once. `micro_batches` are
    indices of examples too, and `shapes` the micro-batches' shapes.
    """

    examples: Sequence[int] = ()
    micro_batches: Sequence[Sequence[int]] = ()
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

    def with_label_tokens(self, label_tokens: Callable[[int], int]) -> PeakStep:
        """Return the step with the label tokens of its micro-batches; the function gives those of an example."""
        counts = [sum(map(label_tokens, batch)) for batch in self.micro_batches]
        shapes = [
            replace(shape, label_tokens=count) for shape, count in zip(self.shapes, counts, strict=True)
        ]
        return replace(self, shapes=shapes)


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
    peak = PeakStep()
    for step in islice(sampler.from_step(0), min(steps, max(1, MAX_EXAMPLES // sampler.batch_size))):
        of_step = sampler.sizes(step)
        largest = [_largest(shard, of_step) for shard in collator.groups(of_step)]
        if not in_one_memory:
            largest = [max(largest, key=lambda each: each[1].weight)]
        shapes = [shape for _, shape in largest]
        if sum(shape.weight for shape in shapes) > peak.weight:
            peak = PeakStep(step, [[step[index] for index in group] for group, _ in largest], shapes)
    return peak.with_label_tokens(lambda index: lengths[index][1])


def _largest(shard: Sequence[Sequence[int]], sizes: Sequence[Size]) -> tuple[Sequence[int], BatchShape]:
    """Return the largest micro-batch of a shard, and its shape."""
    shapes = [(group, shape_of([sizes[index] for index in group])) for group in shard]
    return max(shapes, key=lambda each: each[1].weight)
