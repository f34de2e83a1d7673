"""A KV cache of fixed size and place: where a token's keys and values go stands in a tensor on its device.

So a card can replay a step as a graph. Knows nothing of models.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import Cache, EncoderDecoderCache

from engine.worker.kernels.library import StaticLayer
from engine.worker.kernels.preallocated_cache import PreallocatedLayer, grows


class FixedLayer(StaticLayer):
    """A layer whose keys and values (batch × heads × width × size) are written in place; zeros behind the tokens."""

    def __init__(self, layer: Any, length: int, width: int) -> None:
        """Take over the first `length` positions of a layer, with room for `width`; nothing if it has no keys."""
        super().__init__(width)
        if not layer.is_initialized:
            return
        # A layer that no token goes through may hold a soft prompt alone.
        length = min(length, layer.keys.shape[2])
        self.device, self.dtype = layer.keys.device, layer.keys.dtype
        self.keys, self.values = (_widened(states, length, width) for states in (layer.keys, layer.values))
        self.cumulative_length = torch.full((), length, device=self.device)
        self.is_initialized = True

    def reorder(self, parents: torch.Tensor, start: int) -> None:
        """Replace each row by its parent's from a position on."""
        for states in (self.keys, self.values) if self.is_initialized else ():
            written = states[:, :, start:]
            written.copy_(written.index_select(0, parents))


def of_new_tokens(cache: Any) -> Any:
    """Return the part of a cache that grows with each token: not the keys of an encoder's output."""
    return cache.self_attention_cache if isinstance(cache, EncoderDecoderCache) else cache


def can_be_fixed(cache: Any) -> bool:
    """Tell whether every layer that grows holds all tokens: sliding windows and others stay as they are."""
    layers = cache.layers if isinstance(cache, Cache) else []
    return bool(layers) and all(grows(layer) or isinstance(layer, PreallocatedLayer) for layer in layers)


def fix(cache: Cache, length: int, width: int) -> None:
    """Give a cache of `length` tokens room for `width` in all, at a fixed place."""
    # One by one, so that never the whole of it is there twice.
    for index in range(len(cache.layers)):
        cache.layers[index] = FixedLayer(cache.layers[index], length, width)


def lengths(cache: Cache) -> list[torch.Tensor]:
    """Return the tensors in which the layers count their tokens."""
    return [layer.cumulative_length for layer in cache.layers if layer.is_initialized]


def _widened(states: torch.Tensor, length: int, width: int) -> torch.Tensor:
    batch, heads, _, size = states.shape
    wide = states.new_zeros(batch, heads, width, size)
    wide[:, :, :length] = states[:, :, :length]
    return wide
