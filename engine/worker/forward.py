"""The forward pass of training and scoring: one way for every method, so that all compute the same.

Knows nothing of losses, nor of what may stand before the tokens (see `soft_prompts`).
"""

from __future__ import annotations

import inspect
from typing import Any

import torch

from engine.methods import Family
from engine.worker import soft_prompts
from engine.worker.base_models import shift_right


def logits(
    model: Any,
    family: Family,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    labels: torch.Tensor,
    last: int = 0,
) -> torch.Tensor:
    """Return the logits (batch x length of `labels` x vocabulary) with the active adapter.

    Encoder-decoder: those that predict each label. Decoder-only: those that stand at each input token, so the
    one that predicts a label stands before it; of the `last` tokens alone if given, which spares the output head
    all others.
    """
    inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
    if family == "encoder-decoder":
        inputs["decoder_input_ids"] = shift_right(_base(model), labels)
        return soft_prompts.before(model).logits(inputs)
    if last and _can_keep(_base(model)):
        inputs["logits_to_keep"] = last
    return soft_prompts.before(model).logits(inputs)[:, -last:]


def _can_keep(base: Any) -> bool:
    """Tell whether a base model's forward can leave out the logits of the tokens before the last ones."""
    return "logits_to_keep" in inspect.signature(base.forward).parameters


def _base(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "get_base_model") else model
