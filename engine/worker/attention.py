"""Attention whose weights are dropped out, as a processor computes it quickest.

torch's own has no fused kernel for that: it computes in float32 whatever the format and draws its random numbers one by
one, which took a third of a step on T5, whose attention drops out in every layer. Written out in the model's own format
with quick dropout it takes two fifths of the time. Where nothing is dropped, and on a graphics card, torch's stays.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.integrations.sdpa_attention import (
    create_position_bias_mask,
    repeat_kv,
    sdpa_attention_forward,
)
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from engine.worker import dropout as quick


def put_in() -> None:
    """Let every model that attends by torch's function attend by this one."""
    ALL_ATTENTION_FUNCTIONS.register("sdpa", attend)


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    position_bias: torch.Tensor | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Return what each query finds (batch × queries × heads × width); called as transformers calls its functions."""
    if not dropout or query.is_cuda:
        found: tuple[torch.Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout, scaling, is_causal, position_bias, **kwargs
        )
        return found
    groups = getattr(module, "num_key_value_groups", 1)
    key, value = repeat_kv(key, groups), repeat_kv(value, groups)
    causal = is_causal if is_causal is not None else getattr(module, "is_causal", True)
    mask = attention_mask
    if position_bias is not None:
        mask = create_position_bias_mask(position_bias, attention_mask, causal, query, key)
    attention = written_out
    if query.is_meta:
        # Where numbers are left out, the one who counts decides by which kernels.
        attention = torch.nn.functional.scaled_dot_product_attention
    causal = causal and mask is None and query.shape[2] > 1
    output = attention(query, key, value, attn_mask=mask, dropout_p=dropout, scale=scaling, is_causal=causal)
    return output.transpose(1, 2).contiguous(), None


def written_out(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> torch.Tensor:
    """Return attention's result (batch × heads × queries × width) from its products; arguments are torch's own."""
    # A T5 does not scale.
    scaled = query if scale == 1.0 else query * (query.shape[-1] ** -0.5 if scale is None else scale)
    scores = scaled @ key.transpose(-2, -1)
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if attn_mask is not None and attn_mask.dtype is torch.bool:
        scores = scores.masked_fill(~attn_mask, torch.finfo(scores.dtype).min)
    elif attn_mask is not None:
        scores = scores + attn_mask
    return quick.dropped(scores.softmax(-1), dropout_p) @ value
