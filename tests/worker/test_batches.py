"""Steps, micro-batches and their order."""

from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from engine.worker.batches import Collator, StepSampler, in_batches, train_loader
from engine.worker.prompting import IGNORED, Encoded

pytestmark = pytest.mark.torch

LENGTHS = some.lists(some.tuples(some.integers(1, 60), some.integers(1, 20)), min_size=1, max_size=24)


def encoded(lengths):
    return [Encoded(list(range(1, long + 1)), [7] * short) for long, short in lengths]


@given(LENGTHS, some.integers(16, 300))
@settings(max_examples=60, deadline=None)
def test_every_example_stands_in_one_micro_batch_and_pads_are_neither_read_nor_learned(lengths, tokens):
    step = Collator("encoder-decoder", 0, tokens)(encoded(lengths))

    rows = []
    for batch in step.micro_batches:
        assert ((batch.input_ids != 0) == (batch.attention_mask == 1)).all()
        assert batch.learned_tokens == int((batch.labels != IGNORED).sum())
        assert len(batch.input_ids) == 1 or batch.padded_tokens <= max(tokens, *map(sum, lengths))
        rows += [
            (int(mask.sum()), int((labels != IGNORED).sum()))
            for mask, labels in zip(batch.attention_mask, batch.labels, strict=True)
        ]
    assert sorted(rows) == sorted(lengths)
    assert step.learned_tokens == sum(short for _, short in lengths)
    assert step.examples == len(lengths)


@given(some.integers(1, 50), some.integers(1, 9), some.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_each_epoch_sees_every_example_once_in_an_order_of_its_own(examples, batch_size, seed):
    sampler = StepSampler(examples, batch_size, seed)
    first = list(sampler)
    again = list(StepSampler(examples, batch_size, seed))
    sampler.epoch = 1
    second = list(sampler)

    assert first == again
    assert len(first) == len(sampler) == len(second)
    assert sorted(chain(*first)) == sorted(chain(*second)) == list(range(examples))
    assert all(len(step) == batch_size for step in first[:-1])
    if examples > 20:
        assert first != second


def test_a_loader_that_skips_goes_on_in_the_same_order():
    from accelerate.data_loader import skip_first_batches

    loader = train_loader(
        encoded([(long, 3) for long in range(1, 21)]), Collator("encoder-decoder", 0, 100), 4, 1
    )
    whole = [step.micro_batches[0].input_ids.shape for step in loader]
    rest = [step.micro_batches[0].input_ids.shape for step in skip_first_batches(loader, 2)]

    assert rest == whole[2:]


def test_evaluation_sees_every_example():
    examples = encoded([(long, 2) for long in range(1, 31)])
    batches = list(in_batches(examples, Collator("decoder-only", 0, 64), size=8))

    assert sum(len(batch.input_ids) for batch in batches) == 30
