"""Causal attention for training in bfloat16 on a CPU, in blocks of queries.

torch's fused kernel multiplies small matrices one by one, which took a quarter of a step on a model of 135 million
parameters. Here a block of queries attends to the keys up to its end, so half of what the mask hides is never
computed. All rows and heads are one product; query heads that share a key head are stacked in it. The weights (queries
× keys, about half of them) are kept for the backward pass. torch's kernel keeps none, so longer inputs are left to it,
and so is float32, in which it is as fast.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from engine.worker.kernels.registry import enabled

BLOCK = 128
MAX_LENGTH = 1024


def applies(query: torch.Tensor, key: torch.Tensor) -> bool:
    """Tell whether causal attention of these (batch × heads × length × width) is trained faster in blocks."""
    is_training = torch.is_grad_enabled() and 1 < query.shape[2] == key.shape[2] <= MAX_LENGTH
    return is_training and enabled("causal_attention", query.device.type, query.dtype)


def attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float | None = None
) -> torch.Tensor:
    """Return the attention output (batch × heads × length × width); consecutive query heads may share a key head."""
    output: torch.Tensor = _CausalAttention.apply(
        query, key, value, query.shape[-1] ** -0.5 if scale is None else scale
    )
    return output


class _CausalAttention(torch.autograd.Function):
    """softmax(query keyᵀ, causally masked) value, one block of queries after the other."""

    @staticmethod
    def forward(
        ctx: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
    ) -> torch.Tensor:
        batch, heads, length = query.shape[:3]
        keys, values = key.flatten(0, 1), value.flatten(0, 1)
        queries = _grouped(query * scale, key.shape[1])
        # A token's heads lie side by side, so that the next layer reads them without a copy.
        output = query.new_empty(batch, length, heads, value.shape[-1]).transpose(1, 2)
        grouped_output = output.unflatten(1, (key.shape[1], -1))
        size = _blocks(length)[0][1]
        # Within a block, to be added to scores.
        mask = query.new_full((size, size), -math.inf).triu_(1)
        saved_weights = []
        for start, end in _blocks(length):
            rows = _rows(queries, start, end)
            scores = rows @ keys[:, :end].transpose(1, 2)
            scores.unflatten(1, (-1, end - start))[..., start:].add_(mask[: end - start, : end - start])
            weights = scores.softmax(-1)
            block = grouped_output[:, :, :, start:end]
            block.copy_((weights @ values[:, :end]).view(block.shape))
            saved_weights.append(weights)
        ctx.save_for_backward(queries, keys, values, *saved_weights)
        ctx.scale = scale
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        queries, keys, values, *saved_weights = ctx.saved_tensors
        (gradient,) = gradients
        batch, length = gradient.shape[0], gradient.shape[2]
        gradient = _grouped(gradient, keys.shape[0] // batch)
        grad_queries = torch.empty_like(queries)
        # Several blocks' gradients are added in float32.
        dtype = torch.float32 if len(saved_weights) > 1 else None
        grad_keys, grad_values = (torch.zeros_like(like, dtype=dtype) for like in (keys, values))
        for weights, (start, end) in zip(saved_weights, _blocks(length), strict=True):
            rows, grad_rows = _rows(queries, start, end), _rows(gradient, start, end)
            grad_values[:, :end] += weights.transpose(1, 2) @ grad_rows
            grad_weights = grad_rows @ values[:, :end].transpose(1, 2)
            grad_scores = torch.ops.aten._softmax_backward_data(grad_weights, weights, -1, weights.dtype)
            grad_keys[:, :end] += grad_scores.transpose(1, 2) @ rows
            block = grad_queries[:, :, start:end]
            block.copy_((grad_scores @ keys[:, :end]).mul_(ctx.scale).view(block.shape))
        grad_query = grad_queries.view(batch, -1, length, queries.shape[-1])
        grad_key, grad_value = (
            sums.to(like.dtype).unflatten(0, (batch, -1))
            for sums, like in ((grad_keys, keys), (grad_values, values))
        )
        return grad_query, grad_key, grad_value, None


def _blocks(length: int) -> list[tuple[int, int]]:
    """Return start and end of each block of queries; all are about equally long."""
    size = math.ceil(length / math.ceil(length / BLOCK))
    return [(start, min(start + size, length)) for start in range(0, length, size)]


def _grouped(heads: torch.Tensor, key_heads: int) -> torch.Tensor:
    """Return batch × heads × length × width as (batch · key heads) × query heads of each × length × width."""
    return heads.unflatten(1, (key_heads, -1)).flatten(0, 1)


def _rows(grouped: torch.Tensor, start: int, end: int) -> torch.Tensor:
    return grouped[:, :, start:end].flatten(1, 2)
