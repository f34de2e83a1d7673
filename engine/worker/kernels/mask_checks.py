"""Attention masks of a batch on a card, made without a look at values there.

transformers asks at every forward pass whether a mask hides anything, and whether a row without a mask holds several
texts. The host waits for the answers: once a token in decoding, up to three times a micro-batch in training. With a
mask that hides nothing the result is the same, and no row of ours holds several texts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch

from engine.worker.kernels.library import masking_utils
from engine.worker.kernels.registry import enabled

ENTRY = "mask_checks"
# The checks, and what they answer of a tensor on a card: a mask is not left out, and positions are of one text.
ANSWERS = {
    "_ignore_causal_mask_sdpa": False,
    "_ignore_bidirectional_mask_sdpa": False,
    "find_packed_sequence_indices": None,
}


def patch() -> None:
    """Answer transformers' checks of tensors on a card."""
    for name, answer in ANSWERS.items():
        stock = getattr(masking_utils, name)
        if enabled(ENTRY) and not hasattr(stock, "__wrapped__"):
            setattr(masking_utils, name, _answered(stock, answer))


def _answered(stock: Callable[..., Any], answer: bool | None) -> Callable[..., Any]:
    """Return a check that gives one answer for a tensor on a card."""

    @wraps(stock)
    def check(values: torch.Tensor | None, *args: Any, **kwargs: Any) -> Any:
        on_card = values is not None and enabled(ENTRY, values.device.type)
        return answer if on_card else stock(values, *args, **kwargs)

    return check
