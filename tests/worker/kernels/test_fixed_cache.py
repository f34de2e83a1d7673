"""A cache of fixed size and place holds what transformers' own holds, zeros behind it."""

from __future__ import annotations

import pytest
import torch
from transformers import DynamicCache, EncoderDecoderCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from engine.worker.kernels.fixed_cache import can_be_fixed, fix, lengths, of_new_tokens
from engine.worker.kernels.preallocated_cache import PreallocatedLayer, reorder

pytestmark = pytest.mark.torch
READ, WIDTH = 7, 12


def states(tokens: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(4, 2, tokens, 3), torch.randn(4, 2, tokens, 5)


def test_tokens_are_written_in_place_and_rows_follow_others_as_in_the_plain_one() -> None:
    torch.manual_seed(0)
    fixed, plain = DynamicCache(), DynamicCache()
    first = states(READ)
    for cache in (fixed, plain):
        cache.update(*first, 0)
    # As an encoder-decoder's cache has them where its decoder is the shorter one.
    fixed.layers.append(DynamicLayer())
    fix(fixed, READ, WIDTH)
    place = fixed.layers[0].keys.data_ptr()
    for parents in ([1, 1, 2, 3], [0, 1, 3, 2], [1, 0, 3, 3]):
        new = states(1)
        fixed.update(*new, 0)
        plain.update(*new, 0)
        reorder(fixed, torch.tensor(parents), 0)
        plain.reorder_cache(torch.tensor(parents))
        length = int(lengths(fixed)[0])
        assert length == plain.get_seq_length()
        for mine, theirs in (
            (fixed.layers[0].keys, plain.layers[0].keys),
            (fixed.layers[0].values, plain.layers[0].values),
        ):
            assert torch.equal(mine[:, :, :length], theirs)
            assert not mine[:, :, length:].any()
    assert fixed.layers[0].keys.data_ptr() == place
    assert len(lengths(fixed)) == 1
    # Wider, with what is there.
    fix(fixed, length, 2 * WIDTH)
    assert fixed.layers[0].keys.shape[2] == 2 * WIDTH
    assert torch.equal(fixed.layers[0].keys[:, :, :length], plain.layers[0].keys)


def test_only_caches_whose_layers_hold_every_token_can_be_fixed() -> None:
    cache = DynamicCache()
    assert not can_be_fixed(cache)
    assert not can_be_fixed(None)
    cache.layers = [DynamicLayer(), PreallocatedLayer(DynamicLayer())]
    assert can_be_fixed(cache)
    two = EncoderDecoderCache(cache, DynamicCache())
    assert of_new_tokens(two) is cache
    assert of_new_tokens(cache) is cache
    cache.layers.append(DynamicSlidingWindowLayer(sliding_window=4))
    assert not can_be_fixed(cache)
