import pytest
import torch
from transformers import DynamicCache, EncoderDecoderCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from engine.worker.kernels.preallocated_cache import RESERVED, PreallocatedLayer, reserve

pytestmark = pytest.mark.torch

Both = tuple[torch.Tensor, torch.Tensor]


def states(rows: int, tokens: int) -> Both:
    return torch.randn(rows, 2, tokens, 3), torch.randn(rows, 2, tokens, 5)


def both(cache: DynamicCache) -> list[Both]:
    return [(layer.keys, layer.values) for layer in cache.layers]


def assert_same(one: DynamicCache, other: DynamicCache) -> None:
    assert one.get_seq_length() == other.get_seq_length()
    for mine, theirs in zip(both(one), both(other), strict=True):
        for here, there in zip(mine, theirs, strict=True):
            assert torch.equal(here, there)


@pytest.mark.parametrize("filled", [True, False])
def test_it_holds_and_returns_what_the_plain_one_does(filled):
    torch.manual_seed(0)
    ours, plain = DynamicCache(), DynamicCache()
    first = states(4, 7)
    for cache in (ours, plain) if filled else ():
        cache.update(*first, 0)
        cache.update(*first, 1)
    reserve(ours)
    for step in range(2 * RESERVED + 5):
        if step in (3, RESERVED):
            # Rows that are whole leave: the second time all but one.
            stay = torch.tensor([0, 2, 3] if step == 3 else [1])
            ours.reorder_cache(stay)
            plain.reorder_cache(stay)
        rows = len(plain.layers[0].keys) if plain.layers else 4
        for layer in (0, 1):
            new = states(rows, 1)
            for mine, theirs in zip(ours.update(*new, layer), plain.update(*new, layer), strict=True):
                assert torch.equal(mine, theirs)
    assert_same(ours, plain)


def test_tokens_are_written_into_reserved_memory_and_nothing_else_is():
    cache = DynamicCache()
    cache.update(*states(2, 7), 0)
    reserve(cache)
    cache.update(*states(2, 1), 0)
    place, before = cache.layers[0].keys.data_ptr(), cache.layers[0].keys.clone()
    for _ in range(RESERVED):
        cache.update(*states(2, 1), 0)
    assert cache.layers[0].keys.data_ptr() == place
    assert torch.equal(cache.layers[0].keys[:, :, :8], before)
    cache.update(*states(2, 1), 0)
    assert cache.layers[0].keys.data_ptr() != place


def test_what_was_cropped_is_not_written_over():
    cache = DynamicCache()
    reserve(cache)
    cache.update(*states(2, 7), 0)
    cache.update(*states(2, 1), 0)
    kept = cache.layers[0].keys
    before = kept.clone()
    cache.crop(-3)
    cache.update(*states(2, 1), 0)
    assert torch.equal(kept, before)
    assert cache.get_seq_length() == 6


def test_rows_and_columns_are_put_together_and_go_on():
    keys, values = states(3, 6)
    layer = PreallocatedLayer(DynamicLayer())
    for rows, columns in (([2, 0], [1, 2, 4]), ([1], [0, 5])):
        part = DynamicLayer()
        part.update(keys[rows][:, :, columns], values[rows][:, :, columns])
        layer.insert(part, torch.tensor(rows), torch.tensor(columns), (3, 6))
    seen = torch.zeros(3, 1, 6, 1, dtype=torch.bool)
    seen[[0, 2], :, 1:3] = seen[[0, 2], :, 4] = seen[1, :, 0] = seen[1, :, 5] = True
    assert torch.equal(layer.keys, keys * seen)
    assert torch.equal(layer.values, values * seen)
    place = layer.keys.data_ptr()
    found, _ = layer.update(*states(3, 1))
    assert found.shape[2] == 7
    assert found.data_ptr() == place


def test_only_layers_that_keep_every_token_reserve_memory():
    window = DynamicSlidingWindowLayer(sliding_window=4)
    cache = DynamicCache()
    cache.layers = [window, DynamicLayer()]
    reserve(cache)
    assert cache.layers[0] is window
    assert isinstance(cache.layers[1], PreallocatedLayer)
    read = DynamicCache()
    read.update(*states(1, 2), 0)
    two = EncoderDecoderCache(DynamicCache(), read)
    two.self_attention_cache.update(*states(1, 2), 0)
    reserve(two)
    assert isinstance(two.self_attention_cache.layers[0], PreallocatedLayer)
    assert type(read.layers[0]) is DynamicLayer
    reserve(None)
