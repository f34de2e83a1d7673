"""Packs a step's examples into micro-batches, and gives their shapes, from token lengths alone.

The loader forms steps with it, and the plan predicts them. Knows nothing of examples, models and devices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

# The lengths of an example's inputs and of its labels, in tokens.
Size = tuple[int, int]
# Activations of a transformer layer grow by the token with 34 times its width, and by 5 for each head and each
# token attended to (Korthikanti et al. 2022); heads are about 64 wide.
TOKENS_LIKE_A_WIDTH = 34 * 64 / 5
# A micro-batch's fixed cost, as a fraction (one in so many) of the tokens that are computed at a time.
MICRO_BATCH_PARTS = 16
# Steps of the binary search for a shard's weight: precise to about a hundredth of an example.
HALVINGS = 10


@dataclass(frozen=True)
class BatchShape:
    """A micro-batch's shape: rows, and their padded lengths in tokens.

    For an encoder-decoder `label_length` is the decoder's; for a decoder both lengths are equal, since the labels
    follow the input in the same row.
    """

    rows: int = 0
    input_length: int = 0
    label_length: int = 0
    label_tokens: int = 0

    @property
    def tokens(self) -> int:
        """The tokens computed, padding included."""
        return self.rows * (self.input_length + self.label_length)

    @property
    def weight(self) -> float:
        """Its relative peak memory: its tokens, each of which weighs more the more tokens it attends to."""
        return self.tokens * (1 + self.input_length / TOKENS_LIKE_A_WIDTH)

    def as_dict(self) -> dict[str, Any]:
        """Return the shape as a plan reports it."""
        shape = asdict(self)
        # Plans name the key so.
        shape["learned_tokens"] = shape.pop("label_tokens")
        return shape


def row_width(inputs: int, labels: int, *, is_encoder_decoder: bool) -> int:
    """Return the tokens of a row; the labels of a decoder are in the inputs' row."""
    return inputs + labels if is_encoder_decoder else inputs


def pack(sizes: Sequence[Size], tokens: int, *, is_encoder_decoder: bool) -> list[list[int]]:
    """Return the indices of each micro-batch: similar lengths within the token budget, or a single example.

    Of all ways to divide the examples, sorted by length, it is the one with the fewest padded tokens, where each
    micro-batch adds its fixed cost in tokens. The longest examples come first.
    """
    order = sorted(range(len(sizes)), key=sizes.__getitem__, reverse=True)
    fixed_cost = tokens // MICRO_BATCH_PARTS
    # By number of examples: the minimum cost, and the start of the last group.
    min_costs: list[float] = [0]
    starts = [0]
    for end in range(1, len(order) + 1):
        cost, labels = math.inf, 0
        for start in range(end - 1, -1, -1):
            inputs, last = sizes[order[start]]
            labels = max(labels, last)
            padded = row_width(inputs, labels, is_encoder_decoder=is_encoder_decoder) * (end - start)
            if padded > tokens and start < end - 1:
                break
            if min_costs[start] + padded + fixed_cost < cost:
                cost, chosen = min_costs[start] + padded + fixed_cost, start
        min_costs.append(cost)
        starts.append(chosen)
    groups: list[list[int]] = []
    end = len(order)
    while end:
        groups.append(order[starts[end] : end])
        end = starts[end]
    return groups[::-1]


def shard_examples(sizes: Sequence[Size], shards: int, *, is_encoder_decoder: bool) -> list[list[int]]:
    """Return the indices of each shard, so that the padded weight of the heaviest is minimal; the lightest comes first.

    Examples of similar length share a shard, so that little is padded. No shard is empty; there are fewer shards if
    one example weighs as much as all others, or if there are fewer examples.
    """
    order = sorted(range(len(sizes)), key=sizes.__getitem__, reverse=True)
    weights = [
        row_width(inputs, labels, is_encoder_decoder=is_encoder_decoder) * (1 + inputs / TOKENS_LIKE_A_WIDTH)
        for inputs, labels in map(sizes.__getitem__, order)
    ]
    low, high = max(weights), len(weights) * max(weights)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if len(_ranges_within(weights, middle)) <= shards else (middle, high)
    parts = _ranges_within(weights, high)
    parts.sort(key=lambda part: len(part) * max(weights[index] for index in part))
    return [[order[index] for index in part] for part in parts]


def _ranges_within(weights: Sequence[float], limit: float) -> list[range]:
    """Return ranges of rows, each as long as its padded weight stays within a limit."""
    parts, start, widest = [], 0, 0.0
    for index, weight in enumerate(weights):
        if index > start and (index + 1 - start) * max(widest, weight) > limit:
            parts.append(range(start, index))
            start, widest = index, 0.0
        widest = max(widest, weight)
    return [*parts, range(start, len(weights))]


def shape_of(group: Sequence[Size], label_tokens: int = 0) -> BatchShape:
    """Return the shape of a micro-batch of examples of these sizes."""
    return BatchShape(
        len(group), max(inputs for inputs, _ in group), max(labels for _, labels in group), label_tokens
    )
