"""Attention of one new token a row, for decoding in bfloat16 on a CPU.

Except for a few rows, torch's fused kernel takes three to six times as long as the two products it consists of. They
are fast for whole tensors only, so the free positions of a preallocated cache are multiplied too. Scores are rounded to
bfloat16: the result is off float32's by 0.7 %, torch's by 0.2 %.
"""

from __future__ import annotations

import torch

from engine.worker.kernels.preallocated_cache import allocated
from engine.worker.kernels.registry import enabled

MIN_ROWS = 4


def applies(query: torch.Tensor) -> bool:
    """Tell whether attention of these queries (batch × heads × 1 × width) is decoded faster so."""
    is_decoding = len(query) >= MIN_ROWS and query.shape[2] == 1 and not torch.is_grad_enabled()
    return is_decoding and enabled("decode_attention", query.device.type, query.dtype)


def attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    scale: float | None = None,
) -> torch.Tensor:
    """Return the attention output (batch × heads × 1 × width); consecutive query heads may share a key head.

    `mask` (batch or 1 × heads or 1 × 1 × length) is added to the scores, or true where a key is visible.
    """
    batch, heads = query.shape[:2]
    length, key_heads = key.shape[2], key.shape[1]
    keys, values = allocated(key), allocated(value)
    scaled = query if scale == 1.0 else query * (query.shape[-1] ** -0.5 if scale is None else scale)
    scores = (scaled.reshape(batch, key_heads, heads // key_heads, -1) @ keys.transpose(2, 3)).view(
        batch, heads, 1, -1
    )
    weights = torch.zeros_like(scores)
    weights[..., :length] = _masked(scores[..., :length], mask).softmax(-1)
    return (weights.view(batch, key_heads, heads // key_heads, -1) @ values).view(batch, heads, 1, -1)


def _masked(scores: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    if mask is None:
        return scores
    if mask.dtype is torch.bool:
        return scores.masked_fill_(~mask, torch.finfo(scores.dtype).min)
    return scores.add_(mask)
