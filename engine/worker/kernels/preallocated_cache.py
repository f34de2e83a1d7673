"""Keys and values of what a model has read and written, kept where the next token's fit in behind them.

transformers joins all that is kept with each new token's, so that the whole is copied for every token and layer: a
third of the time a decoder took to score. Here that happens once in ROOM tokens. Knows nothing of models.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import Cache, EncoderDecoderCache
from transformers.cache_utils import DynamicLayer

# Tokens. More of them spare next to nothing, and what no token comes to fill is memory for nothing.
ROOM = 64


def give_room(cache: Any) -> None:
    """Let the layers of a cache that grow with each token have room to grow into; all others stay as they are."""
    if isinstance(cache, EncoderDecoderCache):
        # What was read by the encoder does not grow.
        cache = cache.self_attention_cache
    if isinstance(cache, Cache):
        cache.layers = [RoomyLayer(layer) if grows(layer) else layer for layer in cache.layers]


def follow(cache: Any, parents: torch.Tensor, begin: int) -> None:
    """Let each row go on with what another one remembers, from a token on; what stands before is the same for both."""
    if isinstance(cache, EncoderDecoderCache):
        # Both read the same.
        cache = cache.self_attention_cache
    for layer in cache.layers:
        if isinstance(layer, RoomyLayer):
            layer.follow(parents, begin)
        else:
            layer.reorder_cache(parents)


def grows(layer: Any) -> bool:
    """Tell whether a cache's layer keeps every token's keys and values: a window's forgets, others keep none."""
    return type(layer) is DynamicLayer


class RoomyLayer(DynamicLayer):
    """A layer's keys and values (batch × heads × length × width), the first places of longer ones."""

    def __init__(self, layer: DynamicLayer) -> None:
        """Take over what a layer keeps, if anything."""
        super().__init__()
        if layer.is_initialized:
            self.lazy_initialization(layer.keys, layer.values)
            self.keys, self.values = layer.keys, layer.values

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return keys and values with these behind them."""
        if not self.is_initialized:
            return super().update(key_states, value_states, *args, **kwargs)
        self.keys, self.values = _joined(self.keys, key_states), _joined(self.values, value_states)
        return self.keys, self.values

    def put(
        self, layer: DynamicLayer, rows: torch.Tensor, columns: torch.Tensor, shape: tuple[int, int]
    ) -> None:
        """Take over what a layer keeps of some rows, for these columns of `shape` (batch, length).

        Where nothing is put, keys and values are zero.
        """
        if not self.is_initialized:
            self.lazy_initialization(layer.keys, layer.values)
            self.keys, self.values = _zeros(layer.keys, shape), _zeros(layer.values, shape)
        for kept, read in ((self.keys, layer.keys), (self.values, layer.values)):
            kept[rows[:, None], :, columns] = read.transpose(1, 2)

    def follow(self, parents: torch.Tensor, begin: int) -> None:
        """Let each row have what its parent has from a token on."""
        if not self.is_initialized:
            # A cache has a layer for each of an encoder too, which a decoder of fewer does not use.
            return
        for kept in (self.keys, self.values):
            written = kept[:, :, begin:]
            written.copy_(written.index_select(0, parents))


def _joined(kept: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
    """Return `kept` with `new` behind it: in its own room, if that is enough, or else in a copy with more."""
    batch, heads, length, width = kept.shape
    end = length + new.shape[2]
    room = getattr(kept, "room", None)
    if room is None or room.shape[2] < end:
        room = kept.new_zeros(batch, heads, end + ROOM, width)
        room[:, :, :length] = kept
    room[:, :, length:end] = new
    return _first(room, end)


def _zeros(like: torch.Tensor, shape: tuple[int, int]) -> torch.Tensor:
    batch, length = shape
    return _first(like.new_zeros(batch, like.shape[1], length + ROOM, like.shape[3]), length)


def whole(places: torch.Tensor) -> torch.Tensor:
    """Return what keys or values are the first places of, zeros behind them; themselves, if of nothing longer."""
    room: torch.Tensor = getattr(places, "room", places)
    return room


def _first(room: torch.Tensor, length: int) -> torch.Tensor:
    """Return the first places, which know what they are the first of; a selection made of them does not."""
    places = room[:, :, :length]
    places.room = room
    return places
