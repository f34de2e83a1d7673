"""The attention function of models that use `sdpa`: faster kernels where the table has them, transformers' elsewhere.

With dropout on the attention weights, torch has no fused kernel: it computes in float32 whatever the dtype and
draws its random numbers one by one. On T5, which drops out in every layer, that took a third of a step. Written out in
the model's own dtype, with our dropout, it takes two fifths of the time.
"""

from __future__ import annotations

from typing import Any

import torch

from engine.worker.kernels import causal_attention, decode_attention, dropout
from engine.worker.kernels.compat import (
    ALL_ATTENTION_FUNCTIONS,
    create_position_bias_mask,
    repeat_kv,
    sdpa_attention_forward,
)
from engine.worker.kernels.registry import enabled

ENTRIES = ("attention", "position_bias", "causal_attention", "decode_attention")


def patch() -> None:
    """Register `attend` as the `sdpa` of every model in this process."""
    if any(map(enabled, ENTRIES)):
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
    """Return the attention output (batch × queries × heads × width); has the signature that transformers calls."""
    if not any(map(enabled, ENTRIES)):
        return _stock(
            module, query, key, value, attention_mask, dropout, scaling, is_causal, position_bias, **kwargs
        )
    groups = getattr(module, "num_key_value_groups", 1)
    is_causal = is_causal if is_causal is not None else getattr(module, "is_causal", True)
    is_causal = is_causal and attention_mask is None and query.shape[2] > 1
    if position_bias is not None and groups == 1 and enabled("position_bias", query.device.type):
        attention_mask = _biased_mask(position_bias, attention_mask, is_causal, query, key)
        position_bias, is_causal = None, False
    is_plain = not dropout and position_bias is None and kwargs.get("softcap") is None
    if is_plain and is_causal and causal_attention.applies(query, key):
        return causal_attention.attention(query, key, value, scaling).transpose(1, 2), None
    if is_plain and decode_attention.applies(query):
        return decode_attention.attention(query, key, value, attention_mask, scaling).transpose(1, 2), None
    if not dropout or position_bias is not None or not enabled("attention", query.device.type):
        return _stock(
            module, query, key, value, attention_mask, dropout, scaling, is_causal, position_bias, **kwargs
        )
    key, value = repeat_kv(key, groups), repeat_kv(value, groups)
    # The meta trace replaces torch's function by what the device uses.
    attention = torch.nn.functional.scaled_dot_product_attention if query.is_meta else dropout_attention
    output = attention(
        query, key, value, attn_mask=attention_mask, dropout_p=dropout, scale=scaling, is_causal=is_causal
    )
    return output.transpose(1, 2).contiguous(), None


def _stock(module: torch.nn.Module, *tensors: Any, **kwargs: Any) -> tuple[torch.Tensor, None]:
    output: tuple[torch.Tensor, None] = sdpa_attention_forward(module, *tensors, **kwargs)
    return output


def _biased_mask(
    position_bias: torch.Tensor,
    attention_mask: torch.Tensor | None,
    is_causal: bool,
    query: torch.Tensor,
    key: torch.Tensor,
) -> torch.Tensor:
    """Return the sum of bias and mask; formed once for all layers, which pass on the first layer's bias."""
    asked = attention_mask, query.shape[2], key.shape[2]
    cached = getattr(position_bias, "with_mask", None)
    if cached is None or cached[0] is not asked[0] or cached[1:3] != asked[1:]:
        mask = create_position_bias_mask(position_bias, attention_mask, is_causal, query, key)
        cached = (*asked, mask)
        position_bias.with_mask = cached
    both: torch.Tensor = cached[3]
    return both


def dropout_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> torch.Tensor:
    """Return dropout(softmax(query keyᵀ + mask)) value (batch × heads × queries × width).

    Takes the arguments of torch's scaled_dot_product_attention.
    """
    # T5 does not scale.
    scaled = query if scale == 1.0 else query * (query.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        attn_mask = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool, device=query.device).tril()
    if attn_mask is not None and attn_mask.dtype is torch.bool:
        # As numbers to add: a boolean mask broadcast over all heads takes several times as long.
        masked = torch.finfo(query.dtype).min
        attn_mask = torch.zeros_like(attn_mask, dtype=query.dtype).masked_fill_(~attn_mask, masked)
    output: torch.Tensor = _DropoutAttention.apply(scaled, key, value, attn_mask, dropout_p)
    return output


class _DropoutAttention(torch.autograd.Function):
    """Attention that keeps one matrix of queries × keys for the backward pass.

    An attention weight is never negative, so its sign can tell whether it was dropped. Composed of torch's operations,
    the same keeps the weights, the weights after dropout, and the mask.
    """

    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        mask: torch.Tensor | None,
        fraction: float,
    ) -> torch.Tensor:
        scores = query @ key.transpose(-2, -1)
        if mask is not None:
            scores.add_(mask)
        weights = scores.softmax(-1)
        ctx.mask_shape = mask.shape if mask is not None else None
        ctx.factor = None
        if fraction:
            signs, ctx.factor = dropout.signs(weights, fraction)
            weights.copysign_(signs)
        ctx.save_for_backward(query, key, value, weights)
        return weights.relu() @ (value * ctx.factor) if fraction else weights @ value

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        query, key, value, weights = ctx.saved_tensors
        (gradient,) = gradients
        remaining = weights
        if ctx.factor is not None:
            gradient, remaining = gradient * ctx.factor, weights.relu()
        grad_value = remaining.transpose(-2, -1) @ gradient
        grad_weights = gradient @ value.transpose(-2, -1)
        if ctx.factor is not None:
            grad_weights = torch.ops.aten.threshold_backward(grad_weights, weights, 0)
            weights = weights.abs()
        grad_scores = torch.ops.aten._softmax_backward_data(grad_weights, weights, -1, weights.dtype)
        grad_query = grad_scores @ key
        grad_key = grad_scores.transpose(-2, -1) @ query
        grad_mask = grad_scores.sum_to_size(ctx.mask_shape) if ctx.needs_input_grad[3] else None
        return grad_query, grad_key, grad_value, grad_mask, None
