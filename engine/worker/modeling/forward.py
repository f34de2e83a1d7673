"""The forward pass of training and scoring: one way for every method, so that all compute the same.

Knows nothing of losses, nor of what may stand before the tokens (see `soft_prompts`).
"""

from __future__ import annotations

from typing import Any

import torch

from engine.methods import Family
from engine.worker.modeling import prompt_learning
from engine.worker.modeling.base_models import shift_right


def logits(
    model: Any, family: Family, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """Return the logits (batch x length of `labels` x vocabulary) with the active adapter.

    Encoder-decoder: those that predict each label. Decoder-only: those that stand at each input token, so the
    one that predicts a label stands before it.
    """
    if family == "encoder-decoder":
        read = {"attention_mask": attention_mask, "decoder_input_ids": shift_right(_base(model), labels)}
    else:
        # Rows are padded behind their end, where no token of theirs looks. Attention that is causal and nothing
        # else computes half as much.
        read = {"attention_mask": None}
    return prompt_learning.before(model).logits({"input_ids": input_ids, **read})


def logits_at(
    model: Any,
    family: Family,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    labels: torch.Tensor,
    places: torch.Tensor,
) -> torch.Tensor:
    """Return the logits (places x vocabulary) at some places alone; the output head is spared all others.

    `places` (2 x places) holds the row of each and where it stands in what `logits` returns. In a small model the
    head is a large part of the work, and of a decoder's input only the summary's end of it is learned.
    """
    rows, columns = places
    head = _base(model).get_output_embeddings()

    def chosen(_: Any, given: tuple[torch.Tensor]) -> torch.Tensor:
        # What is read before the tokens, such as a soft prompt, stands before them here too.
        return given[0][:, -labels.shape[1] :][rows, columns]

    hook = head.register_forward_pre_hook(chosen)
    try:
        found = logits(model, family, input_ids, attention_mask, labels)
    finally:
        hook.remove()
    # A model that multiplies by the head's weights itself gives them all.
    return found if found.dim() == 2 else found[rows, columns]


def _base(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "get_base_model") else model
