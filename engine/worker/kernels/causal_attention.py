"""Attention of a decoder's own tokens, each to those up to itself, as a processor learns it quickest in bfloat16.

torch's fused kernel multiplies small matrices one by one: it took a quarter of a step on a model of 135 million
parameters. Here queries go in blocks, each over the keys up to its end, so that half of what nothing sees is never
computed; all rows and heads are one product, and heads that share a key stand below one another in it. Queries × keys
are kept in halves, so beyond a length torch's kernel, which keeps none, is left to it; in float32 it is as quick.
"""

from __future__ import annotations

import math
from typing import Any

import torch

BLOCK = 128
LONGEST = 1024


def suits(query: torch.Tensor, key: torch.Tensor, device_type: str) -> bool:
    """Tell whether causal attention of these (batch × heads × length × width) is quicker so where they are learned."""
    in_format = query.dtype is torch.bfloat16 and device_type == "cpu"
    return in_format and torch.is_grad_enabled() and 1 < query.shape[2] == key.shape[2] <= LONGEST


def attended(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float | None = None
) -> torch.Tensor:
    """Return what each query finds (batch × heads × length × width); several heads in a row may share a key's."""
    found: torch.Tensor = _Causal.apply(
        query, key, value, query.shape[-1] ** -0.5 if scale is None else scale
    )
    return found


class _Causal(torch.autograd.Function):
    """softmax(query key^T, of tokens up to the query's) value, a block of queries after the other."""

    @staticmethod
    def forward(
        context: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
    ) -> torch.Tensor:
        batch, heads, length = query.shape[:3]
        keys, values = key.flatten(0, 1), value.flatten(0, 1)
        queries = _grouped(query * scale, key.shape[1])
        # A token's heads beside each other, so that it need not be copied to be read on.
        found = query.new_empty(batch, length, heads, value.shape[-1]).transpose(1, 2)
        places = found.unflatten(1, (key.shape[1], -1))
        unseen = _unseen(length, query)
        kept = []
        for start, end in _blocks(length):
            rows = _rows(queries, start, end)
            scores = rows @ keys[:, :end].transpose(1, 2)
            ahead = unseen[: end - start, : end - start]
            scores.unflatten(1, (-1, end - start))[..., start:].add_(ahead)
            weights = scores.softmax(-1)
            block = places[:, :, :, start:end]
            block.copy_((weights @ values[:, :end]).view(block.shape))
            kept.append(weights)
        context.save_for_backward(queries, keys, values, *kept)
        context.scale = scale
        return found

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        queries, keys, values, *kept = context.saved_tensors
        (gradient,) = gradients
        batch, length = gradient.shape[0], gradient.shape[2]
        gradient = _grouped(gradient, keys.shape[0] // batch)
        of_queries = torch.empty_like(queries)
        of_keys, of_values = _sums(keys, len(kept)), _sums(values, len(kept))
        for weights, (start, end) in zip(kept, _blocks(length), strict=True):
            rows, of_rows = _rows(queries, start, end), _rows(gradient, start, end)
            of_values[:, :end] += weights.transpose(1, 2) @ of_rows
            of_weights = of_rows @ values[:, :end].transpose(1, 2)
            of_scores = torch.ops.aten._softmax_backward_data(of_weights, weights, -1, weights.dtype)
            of_keys[:, :end] += of_scores.transpose(1, 2) @ rows
            block = of_queries[:, :, start:end]
            block.copy_((of_scores @ keys[:, :end]).mul_(context.scale).view(block.shape))
        of_query = of_queries.view(batch, -1, length, queries.shape[-1])
        of_key, of_value = (
            sums.to(like.dtype).unflatten(0, (batch, -1))
            for sums, like in ((of_keys, keys), (of_values, values))
        )
        return of_query, of_key, of_value, None


def _blocks(length: int) -> list[tuple[int, int]]:
    """Return where blocks of queries start and end, all about equal."""
    size = math.ceil(length / math.ceil(length / BLOCK))
    return [(start, min(start + size, length)) for start in range(0, length, size)]


def _grouped(heads: torch.Tensor, shared: int) -> torch.Tensor:
    """Return heads (batch × heads × length × width) as (batch · shared) × those that share a key's × length × width."""
    return heads.unflatten(1, (shared, -1)).flatten(0, 1)


def _rows(grouped: torch.Tensor, start: int, end: int) -> torch.Tensor:
    return grouped[:, :, start:end].flatten(1, 2)


def _unseen(length: int, like: torch.Tensor) -> torch.Tensor:
    """Return what is added within a block (its queries × its keys): the end of a query's view."""
    size = _blocks(length)[0][1]
    return like.new_full((size, size), -math.inf).triu_(1)


def _sums(like: torch.Tensor, blocks: int) -> torch.Tensor:
    """Return zeros to add blocks to, in float32 where there are several."""
    return torch.zeros_like(like, dtype=torch.float32 if blocks > 1 else None)
