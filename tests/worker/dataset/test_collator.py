import math
import threading
from itertools import chain, combinations, islice, pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.config.training import TrainingOptions
from engine.worker.dataset.batch_packing import MICRO_BATCH_PARTS, shape_of
from engine.worker.dataset.collator import (
    CPU_TOKENS,
    GPU_TOKENS,
    Collator,
    StepSampler,
    evaluation_batches,
    micro_batch_tokens,
    steps_from,
    train_loader,
)
from engine.worker.dataset.prompter import IGNORED, Encoded

pytestmark = pytest.mark.torch

LENGTHS = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 20)), min_size=1, max_size=24)


def encoded(lengths):
    return [Encoded(list(range(1, long + 1)), [7] * short) for long, short in lengths]


@given(LENGTHS, st.integers(16, 300))
def test_every_example_is_in_one_micro_batch_and_padding_is_masked_and_no_label(lengths, tokens):
    step = Collator("encoder-decoder", 0, tokens)(encoded(lengths))
    rows = []
    for batch in step.micro_batches:
        assert ((batch.input_ids != 0) == (batch.attention_mask == 1)).all()
        assert batch.label_tokens == int((batch.labels != IGNORED).sum())
        padded = batch.input_ids.numel() + batch.labels.numel()
        assert len(batch.input_ids) == 1 or padded <= max(tokens, *map(sum, lengths))
        rows += [
            (int(mask.sum()), int((labels != IGNORED).sum()))
            for mask, labels in zip(batch.attention_mask, batch.labels, strict=True)
        ]
    assert sorted(rows) == sorted(lengths)
    assert step.label_tokens == sum(short for _, short in lengths)
    assert step.examples == len(lengths)


def test_a_token_that_is_input_and_label_in_the_same_row_counts_once():
    texts = [Encoded([5] * length, [IGNORED] * 3 + [5] * (length - 3)) for length in (9, 4, 12)]
    assert Collator("decoder-only", 0, 30)(texts).tokens == 9 + 4 + 12
    assert Collator("encoder-decoder", 0, 30)(encoded([(9, 2), (4, 3)])).tokens == 9 + 2 + 4 + 3


@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(1, 20)), min_size=1, max_size=8), st.integers(1, 300)
)
def test_of_all_ways_to_cut_a_step_the_one_that_computes_least_is_taken(lengths, tokens):
    def cost(groups):
        sizes = [len(group) * sum(map(max, zip(*group, strict=True))) for group in groups]
        fits = all(size <= tokens or len(group) == 1 for size, group in zip(sizes, groups, strict=True))
        return sum(sizes) + len(sizes) * (tokens // MICRO_BATCH_PARTS) if fits else math.inf

    ordered = sorted(lengths, reverse=True)
    places = [0, *range(1, len(ordered)), len(ordered)]
    ways = (
        [ordered[begin:end] for begin, end in pairwise((0, *inner, len(ordered)))]
        for count in range(len(ordered))
        for inner in combinations(places[1:-1], count)
    )
    (groups,) = Collator("encoder-decoder", 0, tokens).groups(lengths)
    shapes = [shape_of([lengths[place] for place in group]) for group in groups]
    taken = sum(shape.rows * (shape.input_length + shape.label_length) for shape in shapes)
    assert taken + len(shapes) * (tokens // MICRO_BATCH_PARTS) == min(map(cost, ways))


def sampled(lengths, batch_size=4, seed=1, order="lengths"):
    return StepSampler(encoded(lengths), batch_size, seed, order)


@pytest.mark.parametrize("order", ["lengths", "random"])
@given(LENGTHS, st.integers(1, 9), st.integers(0, 5))
def test_each_epoch_sees_every_example_once_in_an_order_of_its_own(order, lengths, batch_size, seed):
    sampler = sampled(lengths, batch_size, seed, order)
    first, second = sampler.steps(0), sampler.steps(1)
    assert first == list(sampler) == list(sampled(lengths, batch_size, seed, order))
    assert len(first) == len(sampler) == len(second)
    assert sorted(chain(*first)) == sorted(chain(*second)) == list(range(len(lengths)))
    assert [len(step) for step in first if len(step) != batch_size] in ([], [len(lengths) % batch_size])
    if len(lengths) > 20:
        assert first != second


def test_a_step_sees_examples_of_similar_length_and_steps_come_in_no_order_of_length():
    steps = sampled([(10 + 37 * place % 190, 3 + place % 9) for place in range(400)], 8).steps(0)
    widths = [[10 + 37 * place % 190 for place in step] for step in steps]
    padding = 1 - sum(map(sum, widths)) / sum(8 * max(step) for step in widths)
    assert padding < 0.1
    longest = [max(step) for step in widths]
    assert 15 < sum(one > two for one, two in pairwise(longest)) < 35


def test_evaluation_sees_every_example():
    examples = encoded([(long, 2) for long in range(1, 31)])
    batches = list(evaluation_batches(examples, Collator("decoder-only", 0, 64), size=8))
    assert sum(len(batch.input_ids) for batch in batches) == 30


def test_micro_batches_on_a_cpu_grow_as_the_model_shrinks_unless_the_recipe_sets_them():
    chosen, said = TrainingOptions(), TrainingOptions(micro_batch_tokens=100)
    found = [micro_batch_tokens(chosen, "cpu", made) for made in (1, 20_000, 80_000, 150_000, 10**9)]
    assert found == sorted(found, reverse=True)
    assert (found[0], found[-1]) == (GPU_TOKENS, CPU_TOKENS)
    assert CPU_TOKENS < found[2] < GPU_TOKENS
    assert micro_batch_tokens(chosen, "cuda", 10**9) == GPU_TOKENS
    assert micro_batch_tokens(said, "cpu", 1) == micro_batch_tokens(said, "cuda", 1) == 100


@pytest.mark.parametrize("one_ahead", [False, True])
@pytest.mark.parametrize("first", [0, 1, 3, 4, 5, 8])
def test_steps_go_on_from_any_step_with_the_random_numbers_that_they_would_have_had(first, one_ahead):
    """Four steps an epoch, so that some start an epoch and others are within one."""
    examples = encoded([(long, 2) for long in range(3, 15)])

    def run(start, states=None):
        loader = train_loader(
            examples, Collator("encoder-decoder", 0, 400), StepSampler(examples, 3, 1, "random")
        )
        load = (lambda: torch.set_rng_state(states)) if states is not None else None
        for number, step in islice(steps_from(loader, start, load, one_ahead=one_ahead), 10 - start):
            yield (
                number,
                step.micro_batches[0].input_ids.tolist(),
                torch.rand(()).item(),
                torch.get_rng_state(),
            )

    torch.manual_seed(5)
    whole = list(run(0))
    states = whole[first - 1][3] if first else None
    torch.manual_seed(5 if first == 0 else 99)

    assert [each[:3] for each in run(first, states)] == [each[:3] for each in whole[first:]]
    assert [each[0] for each in whole] == list(range(10))


def test_a_step_is_prepared_while_the_one_before_it_is_computed():
    examples = encoded([(long, 2) for long in range(3, 15)])
    prepared = []

    class Noting(Collator):
        def __call__(self, examples):
            prepared.append(threading.current_thread() is threading.main_thread())
            if len(prepared) == 2:
                is_second_prepared.set()
            return super().__call__(examples)

    is_second_prepared = threading.Event()
    loader = train_loader(examples, Noting("encoder-decoder", 0, 400), StepSampler(examples, 3, 1, "random"))
    steps = steps_from(loader, 0, one_ahead=True)
    next(steps)
    is_second_prepared.wait()
    steps.close()
    assert not any(prepared)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("steps")]


@pytest.mark.parametrize("first", [0, 2])
def test_a_step_prepared_before_micro_batches_got_smaller_is_cut_again(first):
    examples = encoded([(long, 2) for long in range(3, 15)])
    collator = Collator("encoder-decoder", 0, 400)
    loader = train_loader(examples, collator, StepSampler(examples, 3, 1, "random"))
    steps = steps_from(loader, first, one_ahead=True)
    sizes = [len(next(steps)[1].micro_batches)]
    collator.use_tokens(10)
    sizes += [len(step.micro_batches) for _, step in islice(steps, 3)]
    assert sizes == [1, 3, 3, 3]


def test_a_step_in_pinned_memory_has_all_its_tensors_there(monkeypatch):
    pinned = []

    def pin(tensor):
        pinned.append(tensor)
        return tensor.clone()

    monkeypatch.setattr(torch.Tensor, "pin_memory", pin)
    step = Collator("decoder-only", 0, 12)(encoded([(5, 2), (4, 2), (3, 1)]))
    copy = step.pin_memory()
    assert len(pinned) == 5 * len(step.micro_batches)
    assert [vars(batch).keys() for batch in copy.micro_batches] == [
        vars(batch).keys() for batch in step.micro_batches
    ]
    for one, other in zip(step.micro_batches, copy.micro_batches, strict=True):
        assert (one.label_tokens, one.tokens) == (other.label_tokens, other.tokens)
        assert torch.equal(one.positions, other.positions)
    assert (copy.examples, copy.label_tokens) == (step.examples, step.label_tokens)
