"""A KV cache with free positions behind its keys and values, so that a new token is written in place.

transformers concatenates the cache with each new token, which copies all of it for every token and layer: a third of
the time a decoder took to score. Here that happens once in RESERVED tokens. Knows nothing of models.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import Cache, EncoderDecoderCache

from engine.worker.kernels.compat import DynamicLayer
from engine.worker.kernels.registry import enabled

# Positions. More of them save next to nothing and are memory that may never be used.
RESERVED = 64


def reserve(cache: Any, device: str = "") -> None:
    """Give free positions to every layer of a cache that grows with each token; other layers stay as they are.

    `device` is the type of the device that it lies on.
    """
    if isinstance(cache, EncoderDecoderCache):
        # The keys and values of the encoder's output do not grow.
        cache = cache.self_attention_cache
    if isinstance(cache, Cache) and enabled("preallocated_cache", device):
        cache.layers = [PreallocatedLayer(layer) if grows(layer) else layer for layer in cache.layers]


def grows(layer: Any) -> bool:
    """Tell whether a layer holds the keys and values of every token; sliding windows and others do not."""
    return type(layer) is DynamicLayer


class PreallocatedLayer(DynamicLayer):
    """A layer whose keys and values (batch × heads × length × width) are views of longer tensors."""

    def __init__(self, layer: DynamicLayer) -> None:
        """Take over the keys and values of a layer, if it has some."""
        super().__init__()
        if layer.is_initialized:
            self.lazy_initialization(layer.keys, layer.values)
            self.keys, self.values = layer.keys, layer.values

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append keys and values; return all."""
        if not self.is_initialized:
            return super().update(key_states, value_states, *args, **kwargs)
        self.keys, self.values = _appended(self.keys, key_states), _appended(self.values, value_states)
        return self.keys, self.values

    def insert(
        self, layer: DynamicLayer, rows: torch.Tensor, columns: torch.Tensor, shape: tuple[int, int]
    ) -> None:
        """Copy a layer of a few rows into these rows and columns of `shape` (batch, length).

        Positions that nothing is copied to are zero.
        """
        if not self.is_initialized:
            self.lazy_initialization(layer.keys, layer.values)
            self.keys, self.values = _zeros(layer.keys, shape), _zeros(layer.values, shape)
        for mine, part in ((self.keys, layer.keys), (self.values, layer.values)):
            mine[rows[:, None], :, columns] = part.transpose(1, 2)


def _appended(states: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
    """Return `states` with `new` behind it: in place if there are free positions, else in a longer copy."""
    batch, heads, length, width = states.shape
    end = length + new.shape[2]
    buffer = getattr(states, "buffer", None)
    if buffer is None or buffer.shape[2] < end:
        buffer = states.new_zeros(batch, heads, end + RESERVED, width)
        buffer[:, :, :length] = states
    buffer[:, :, length:end] = new
    return _view(buffer, end)


def _zeros(like: torch.Tensor, shape: tuple[int, int]) -> torch.Tensor:
    batch, length = shape
    return _view(like.new_zeros(batch, like.shape[1], length + RESERVED, like.shape[3]), length)


def allocated(states: torch.Tensor) -> torch.Tensor:
    """Return the buffer that keys or values are the start of, zeros behind them; or themselves without one."""
    buffer: torch.Tensor = getattr(states, "buffer", states)
    return buffer


def _view(buffer: torch.Tensor, length: int) -> torch.Tensor:
    """Return the first positions of a buffer as a view that knows its buffer; a selection of it does not."""
    states = buffer[:, :, :length]
    states.buffer = buffer
    return states
