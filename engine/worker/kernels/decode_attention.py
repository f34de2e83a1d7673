"""Attention of one token a row in bfloat16, as a processor computes it quickest while writing.

torch's fused kernel takes three to six times as long as the two products it is made of, but for a few rows; and these
are quick only of whole tensors, so that a cache's room is multiplied with what is kept in it. As where a decoder
learns, scores are rounded to the format: off float32's result by 0.7 % where torch's is by 0.2.
"""

from __future__ import annotations

import torch

from engine.worker.kernels.preallocated_cache import whole

LEAST_ROWS = 4


def suits(query: torch.Tensor) -> bool:
    """Tell whether attention of these (batch × heads × 1 × width) is quicker so: written, not learned."""
    in_format = query.dtype is torch.bfloat16 and query.device.type == "cpu"
    return in_format and len(query) >= LEAST_ROWS and query.shape[2] == 1 and not torch.is_grad_enabled()


def attended(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    scale: float | None = None,
) -> torch.Tensor:
    """Return what each query finds (batch × heads × 1 × width); several heads in a row may share a key's.

    `mask` (batch or 1 × heads or 1 × 1 × length) is added, or true where a key is seen.
    """
    batch, heads = query.shape[:2]
    length, shared = key.shape[2], key.shape[1]
    keys, values = whole(key), whole(value)
    scaled = query if scale == 1.0 else query * (query.shape[-1] ** -0.5 if scale is None else scale)
    scores = (scaled.reshape(batch, shared, heads // shared, -1) @ keys.transpose(2, 3)).view(
        batch, heads, 1, -1
    )
    weights = torch.zeros_like(scores)
    weights[..., :length] = _masked(scores[..., :length], mask).softmax(-1)
    return (weights.view(batch, shared, heads // shared, -1) @ values).view(batch, heads, 1, -1)


def _masked(scores: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    if mask is None:
        return scores
    if mask.dtype is torch.bool:
        return scores.masked_fill_(~mask, torch.finfo(scores.dtype).min)
    return scores.add_(mask)
