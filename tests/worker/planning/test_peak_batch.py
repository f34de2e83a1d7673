"""The heaviest micro-batch that is foretold from lengths is one that the run computes, and none is heavier."""

import numpy as np
import pytest

from engine.config.training import TrainingOptions, total_steps
from engine.worker.dataset.batch_packing import Load
from engine.worker.dataset.collator import Collator, StepSampler
from engine.worker.dataset.prompting import IGNORED, Encoded
from engine.worker.planning.peak_batch import foretold

pytestmark = pytest.mark.torch
CHANCE = np.random.default_rng(3)
LENGTHS = [(int(inputs), int(labels)) for inputs, labels in CHANCE.integers((5, 2), (90, 20), (41, 2))]


def encoded(family):
    if family == "encoder-decoder":
        return [Encoded((5,) * inputs, (6,) * labels) for inputs, labels in LENGTHS]
    return [
        Encoded((5,) * (inputs + labels), (IGNORED,) * inputs + (5,) * labels) for inputs, labels in LENGTHS
    ]


def computed(training, family, tokens, shares):
    """Return the shapes of all micro-batches of a run, step by step and share by share."""
    examples = encoded(family)
    collator = Collator(family, 0, tokens, shares)
    sampler = StepSampler(examples, training.batch_size, training.seed, training.order)
    steps, an_epoch = total_steps(len(examples), training)
    for number in range(steps):
        epoch, place = divmod(number, an_epoch)
        yield collator.loads([examples[index] for index in sampler.steps(epoch)[place]])


def weight(load):
    return load.weight


@pytest.mark.parametrize("family", ["encoder-decoder", "decoder-only"])
@pytest.mark.parametrize("order", ["lengths", "random"])
@pytest.mark.parametrize("steps", [{"epochs": 3}, {"max_steps": 2}, {"max_steps": 9}])
@pytest.mark.parametrize("tokens", [40, 150, 600])
@pytest.mark.parametrize("shares", [1, 2])
def test_what_is_foretold_is_computed_and_nothing_is_heavier(family, order, steps, tokens, shares):
    training = TrainingOptions(batch_size=6, order=order, seed=4, **steps)
    found = foretold(training, family, LENGTHS, tokens, shares)
    at_once = [
        [max(share, key=weight) for share in step] for step in computed(training, family, tokens, shares)
    ]

    assert list(found.loads) in at_once
    assert max(sum(map(weight, loads)) for loads in at_once) == found.weight
    assert found.load == max(found.loads, key=weight)
    assert found.at_once * found.load.weight == pytest.approx(found.weight)
    assert 1 <= found.at_once <= shares


def test_of_no_examples_nothing_is_computed():
    found = foretold(TrainingOptions(), "decoder-only", [], 100)

    assert (list(found.loads), found.load, found.at_once) == ([], Load(), 1)
