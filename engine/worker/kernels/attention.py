"""Attention as a processor learns it quickest; whose weights are dropped out here, a decoder's in `causal`.

What is written token by token attends in `single`. For dropout torch has no fused kernel: it computes in float32
whatever the format and draws its random numbers one by one, which took a third of a step on T5, whose attention drops
out in every layer. Written out in the model's own format with quick dropout it takes two fifths of the time. On a
graphics card, and for all else, torch's stays.
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

from engine.worker.kernels import causal_attention, decode_attention, dropout


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
    groups = getattr(module, "num_key_value_groups", 1)
    is_causal = is_causal if is_causal is not None else getattr(module, "is_causal", True)
    is_causal = is_causal and attention_mask is None and query.shape[2] > 1
    if position_bias is not None and groups == 1:
        attention_mask = _biased(position_bias, attention_mask, is_causal, query, key)
        position_bias, is_causal = None, False
    plain = not dropout and position_bias is None and kwargs.get("softcap") is None
    if plain and is_causal and causal_attention.suits(query, key, query.device.type):
        return causal_attention.attended(query, key, value, scaling).transpose(1, 2), None
    if plain and decode_attention.suits(query):
        return decode_attention.attended(query, key, value, attention_mask, scaling).transpose(1, 2), None
    if not dropout or query.is_cuda or position_bias is not None:
        found: tuple[torch.Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout, scaling, is_causal, position_bias, **kwargs
        )
        return found
    key, value = repeat_kv(key, groups), repeat_kv(value, groups)
    attention = written_out
    if query.is_meta:
        # Where numbers are left out, the one who counts decides by which kernels.
        attention = torch.nn.functional.scaled_dot_product_attention
    output = attention(
        query, key, value, attn_mask=attention_mask, dropout_p=dropout, scale=scaling, is_causal=is_causal
    )
    return output.transpose(1, 2).contiguous(), None


def _biased(
    position_bias: torch.Tensor,
    attention_mask: torch.Tensor | None,
    is_causal: bool,
    query: torch.Tensor,
    key: torch.Tensor,
) -> torch.Tensor:
    """Return bias and mask in one; made once for all layers, which hand on the first one's bias."""
    given = attention_mask, query.shape[2], key.shape[2]
    made = getattr(position_bias, "with_mask", None)
    if made is None or made[0] is not given[0] or made[1:3] != given[1:]:
        mask = create_position_bias_mask(position_bias, attention_mask, is_causal, query, key)
        made = (*given, mask)
        position_bias.with_mask = made
    both: torch.Tensor = made[3]
    return both


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
    if is_causal:
        attn_mask = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool, device=query.device).tril()
    if attn_mask is not None and attn_mask.dtype is torch.bool:
        # Numbers to add: laid over all heads, truth values take several times as long.
        unseen = torch.finfo(query.dtype).min
        attn_mask = torch.zeros_like(attn_mask, dtype=query.dtype).masked_fill_(~attn_mask, unseen)
    attended: torch.Tensor = _Attended.apply(scaled, key, value, attn_mask, dropout_p)
    return attended


class _Attended(torch.autograd.Function):
    """dropout(softmax(query key^T + mask)) value.

    A weight of attention is never negative, so its sign tells whether it was dropped: one matrix of queries × keys is
    kept, where the same out of torch's operations keeps the weights, what is left of them, and the mask.
    """

    @staticmethod
    def forward(
        context: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        mask: torch.Tensor | None,
        share: float,
    ) -> torch.Tensor:
        scores = query @ key.transpose(-2, -1)
        if mask is not None:
            scores.add_(mask)
        weights = scores.softmax(-1)
        context.mask_shape = mask.shape if mask is not None else None
        context.factor = None
        if share:
            signs, context.factor = dropout.signs(weights, share)
            weights.copysign_(signs)
        context.save_for_backward(query, key, value, weights)
        return weights.relu() @ (value * context.factor) if share else weights @ value

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        query, key, value, weights = context.saved_tensors
        (gradient,) = gradients
        left = weights
        if context.factor is not None:
            gradient, left = gradient * context.factor, weights.relu()
        of_value = left.transpose(-2, -1) @ gradient
        of_weights = gradient @ value.transpose(-2, -1)
        if context.factor is not None:
            of_weights = torch.ops.aten.threshold_backward(of_weights, weights, 0)
            weights = weights.abs()
        of_scores = torch.ops.aten._softmax_backward_data(of_weights, weights, -1, weights.dtype)
        of_query = of_scores @ key
        of_key = of_scores.transpose(-2, -1) @ query
        of_mask = of_scores.sum_to_size(context.mask_shape) if context.needs_input_grad[3] else None
        return of_query, of_key, of_value, of_mask, None
