"""The forward pass of training and scoring: one way for every method, so that all compute the same.

Owns what a model reads besides the tokens: soft prompts that stand before them. Knows nothing of losses.
"""

from __future__ import annotations

from typing import Any

import torch

from engine.methods import Family
from engine.worker.base_models import shift_right


def logits(
    model: Any, family: Family, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """Return the logits (batch x length of `labels` x vocabulary) with the active adapter.

    Encoder-decoder: those that predict each label. Decoder-only: those that stand at each input token, so the
    one that predicts a label stands before it.
    """
    if family == "encoder-decoder":
        decoder_input_ids = shift_right(_base(model), labels)
        more = {"decoder_input_ids": decoder_input_ids}
    else:
        more = {}
    found: torch.Tensor = model(
        input_ids=input_ids, attention_mask=attention_mask, use_cache=False, **more
    ).logits
    return found


def _base(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "get_base_model") else model
