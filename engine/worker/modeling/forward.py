"""The forward pass of training and scoring, the same for every method.

Knows nothing of losses, and leaves virtual tokens to `prompt_learning`.
"""

from __future__ import annotations

from typing import Any

import torch

from engine.methods import Family
from engine.worker.kernels.registry import enabled
from engine.worker.modeling import prompt_learning
from engine.worker.modeling.base_models import shift_right


def logits(
    model: Any, family: Family, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """Return the logits (batch × length of `labels` × vocabulary) with the active adapter.

    Encoder-decoder: the logits that predict each label. Decoder-only: the logits at each input token; those that
    predict a label stand one position before it.
    """
    if family == "encoder-decoder":
        inputs = {"attention_mask": attention_mask, "decoder_input_ids": shift_right(_base(model), labels)}
    else:
        # Rows are padded at their end, which no token of theirs attends to. Without a mask, causal attention takes
        # half the work.
        inputs = {"attention_mask": None}
    return prompt_learning.prompt_of(model).logits({"input_ids": input_ids, **inputs})


def logits_at(
    model: Any,
    family: Family,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    labels: torch.Tensor,
    positions: torch.Tensor,
) -> torch.Tensor:
    """Return the logits (positions × vocabulary) at some positions only; the output head skips all others.

    `positions` (2 × positions) holds each one's row and column in what `logits` returns. In a small model the head is a
    large part of the work, and of a decoder's input only the summary has labels.
    """
    rows, columns = positions
    if not enabled("head_at_labels", input_ids.device.type):
        return logits(model, family, input_ids, attention_mask, labels)[rows, columns]

    def select(_: Any, hidden: tuple[torch.Tensor]) -> torch.Tensor:
        # Virtual tokens stand before the input's.
        return hidden[0][:, -labels.shape[1] :][rows, columns]

    hook = _base(model).get_output_embeddings().register_forward_pre_hook(select)
    try:
        output = logits(model, family, input_ids, attention_mask, labels)
    finally:
        hook.remove()
    # A model that multiplies by the head's weights itself returns all logits.
    return output if output.dim() == 2 else output[rows, columns]


def _base(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "get_base_model") else model
