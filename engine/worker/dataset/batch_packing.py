"""Packs a step's examples into micro-batches, and gives their shapes, from token lengths alone.

The loader forms steps with it, and the plan predicts them. Knows nothing of examples, models and devices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# The lengths of an example's inputs and of its labels, in tokens.
Size = tuple[int, int]
# Activations of a transformer layer grow by the token with 34 times its width, and by 5 for each head and each
# token attended to (Korthikanti et al. 2022); heads are about 64 wide.
TOKENS_LIKE_A_WIDTH = 34 * 64 / 5
# Which part of the tokens that are computed at a time takes as long as what a micro-batch needs whatever it holds.
MICRO_BATCH_PARTS = 16
# How often the range of what a shard may weigh is halved: to a hundredth of an example or so.
HALVINGS = 10


@dataclass(frozen=True)
class BatchShape:
    """A micro-batch's shape: rows, and their padded lengths in tokens.

    With an encoder-decoder `label_length` is the decoder's; with one stack both lengths are the same, since the
    labels stand behind the input in the same row.
    """

    rows: int = 0
    input_length: int = 0
    label_length: int = 0
    learned_tokens: int = 0

    @property
    def tokens(self) -> int:
        """The tokens computed, padding included."""
        return self.rows * (self.input_length + self.label_length)

    @property
    def weight(self) -> float:
        """Its relative peak memory: its tokens, each of which weighs more the more tokens it attends to."""
        return self.tokens * (1 + self.input_length / TOKENS_LIKE_A_WIDTH)


def row_width(inputs: int, labels: int, *, two_stacks: bool) -> int:
    """Return the tokens of a row: with one stack the labels stand in the inputs' row."""
    return inputs + labels if two_stacks else inputs


def cut(sizes: Sequence[Size], tokens: int, *, two_stacks: bool) -> list[list[int]]:
    """Return places of similar length whose padded tokens stay within the budget, or single ones, the longest first.

    Of all ways to cut the examples, ordered by length, the one that computes the fewest padded tokens; a micro-batch
    more counts as tokens too, since it takes time whatever it holds.
    """
    order = sorted(range(len(sizes)), key=sizes.__getitem__, reverse=True)
    more = tokens // MICRO_BATCH_PARTS
    # For so many examples: the least cost, and where the last group begins.
    least: list[float] = [0]
    begins = [0]
    for end in range(1, len(order) + 1):
        cost, labels = math.inf, 0
        for begin in range(end - 1, -1, -1):
            inputs, last = sizes[order[begin]]
            labels = max(labels, last)
            padded = row_width(inputs, labels, two_stacks=two_stacks) * (end - begin)
            if padded > tokens and begin < end - 1:
                break
            if least[begin] + padded + more < cost:
                cost, chosen = least[begin] + padded + more, begin
        least.append(cost)
        begins.append(chosen)
    return [order[begin:end] for begin, end in _pieces(begins)]


def parted(sizes: Sequence[Size], shards: int, *, two_stacks: bool) -> list[list[int]]:
    """Return the places in shards of which the heaviest, padded, is as light as it can be; the lightest comes first.

    Neighbours by length stay together, so that little is padded. None is empty; there are fewer where some example is
    as heavy as all others, or of fewer examples.
    """
    order = sorted(range(len(sizes)), key=sizes.__getitem__, reverse=True)
    weights = [_row_weight(sizes[place], two_stacks=two_stacks) for place in order]
    low, high = max(weights), len(weights) * max(weights)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if len(_filled(weights, middle)) <= shards else (middle, high)
    parts = _filled(weights, high)
    parts.sort(key=lambda part: len(part) * max(weights[place] for place in part))
    return [[order[place] for place in part] for part in parts]


def _filled(weights: Sequence[float], limit: float) -> list[range]:
    """Return stretches of rows, each as long as its padded weight stays within a limit."""
    parts, begin, widest = [], 0, 0.0
    for place, weight in enumerate(weights):
        if place > begin and (place + 1 - begin) * max(widest, weight) > limit:
            parts.append(range(begin, place))
            begin, widest = place, 0.0
        widest = max(widest, weight)
    return [*parts, range(begin, len(weights))]


def _row_weight(size: Size, *, two_stacks: bool) -> float:
    return row_width(*size, two_stacks=two_stacks) * (1 + size[0] / TOKENS_LIKE_A_WIDTH)


def _pieces(begins: Sequence[int]) -> list[tuple[int, int]]:
    """Return where the groups begin and end, of which `begins` tells the last one's beginning by its end."""
    pieces, end = [], len(begins) - 1
    while end:
        pieces.append((begins[end], end))
        end = begins[end]
    return pieces[::-1]


def shape_of(group: Sequence[Size], learned_tokens: int = 0) -> BatchShape:
    """Return the shape of a micro-batch of examples of these sizes."""
    return BatchShape(
        len(group), max(inputs for inputs, _ in group), max(labels for _, labels in group), learned_tokens
    )
