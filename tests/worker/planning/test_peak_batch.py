"""The peak step that is predicted from lengths is one that the run computes, and none is larger."""

import numpy as np
import pytest

from engine.config.training import TrainingOptions, total_steps
from engine.worker.dataset.batch_packing import BatchShape
from engine.worker.dataset.collator import Collator, StepSampler
from engine.worker.dataset.prompter import IGNORED, Encoded
from engine.worker.planning.peak_batch import predict_peak_step

pytestmark = pytest.mark.torch
CHANCE = np.random.default_rng(3)
LENGTHS = [(int(inputs), int(labels)) for inputs, labels in CHANCE.integers((5, 2), (90, 20), (41, 2))]


def encoded(family):
    if family == "encoder-decoder":
        return [Encoded((5,) * inputs, (6,) * labels) for inputs, labels in LENGTHS]
    return [
        Encoded((5,) * (inputs + labels), (IGNORED,) * inputs + (5,) * labels) for inputs, labels in LENGTHS
    ]


def computed(training, family, tokens, shards):
    """Return the shapes of all micro-batches of a run, step by step and shard by shard."""
    examples = encoded(family)
    collators = [Collator(family, 0, tokens, shards, own) for own in range(shards)]
    sampler = StepSampler(examples, training.batch_size, training.seed, training.order)
    steps, steps_per_epoch = total_steps(len(examples), training)
    for number in range(steps):
        epoch, step = divmod(number, steps_per_epoch)
        chosen = [examples[index] for index in sampler.steps(epoch)[step]]
        yield [[shape(batch) for batch in collator(chosen).micro_batches] for collator in collators]


def shape(batch):
    rows, length = batch.input_ids.shape
    return BatchShape(rows, length, batch.labels.shape[1], batch.label_tokens)


def weight(shape):
    return shape.weight


@pytest.mark.parametrize("family", ["encoder-decoder", "decoder-only"])
@pytest.mark.parametrize("order", ["lengths", "random"])
@pytest.mark.parametrize("steps", [{"epochs": 3}, {"max_steps": 2}, {"max_steps": 9}])
@pytest.mark.parametrize("tokens", [40, 150, 600])
@pytest.mark.parametrize("shards", [1, 2])
def test_the_predicted_step_is_computed_and_none_is_larger(family, order, steps, tokens, shards):
    training = TrainingOptions(batch_size=6, order=order, seed=4, **steps)
    peak = predict_peak_step(training, family, LENGTHS, tokens, shards)
    largest = [
        [max(shard, key=weight) for shard in step] for step in computed(training, family, tokens, shards)
    ]

    assert list(peak.shapes) in largest
    assert max(sum(map(weight, shapes)) for shapes in largest) == peak.weight
    assert peak.largest == max(peak.shapes, key=weight)
    assert peak.relative_weight * peak.largest.weight == pytest.approx(peak.weight)
    assert 1 <= peak.relative_weight <= shards


def test_without_examples_the_peak_is_empty():
    peak = predict_peak_step(TrainingOptions(), "decoder-only", [], 100)

    assert (list(peak.shapes), peak.largest, peak.relative_weight) == ([], BatchShape(), 1)


def test_of_shards_with_memories_of_their_own_only_the_largest_counts():
    training = TrainingOptions(batch_size=6, seed=4, epochs=3)
    peak = predict_peak_step(training, "decoder-only", LENGTHS, 150, 2, in_one_memory=False)
    shapes = [
        shape for step in computed(training, "decoder-only", 150, 2) for shard in step for shape in shard
    ]

    assert len(peak.shapes) == peak.relative_weight == 1
    assert peak.largest.weight == max(map(weight, shapes))
