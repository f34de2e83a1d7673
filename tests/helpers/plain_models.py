"""Base models as transformers loads them, without Tunesmith's patches, for comparison."""

from __future__ import annotations

import torch
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from engine.worker.modeling import base_models
from engine.worker.modeling.base_models import LoadedBase
from tests.helpers.worker_setup import make_channel


def plain_model(base: LoadedBase) -> PreTrainedModel:
    """Load the model of a base again, in its dtype; resets SDPA attention to torch's for all models of this process."""
    loader = AutoModelForSeq2SeqLM if base.family == "encoder-decoder" else AutoModelForCausalLM
    folder = base_models.folder_of(base.options, make_channel("inspect"))
    model: PreTrainedModel = loader.from_pretrained(folder, dtype=getattr(torch, base.precision))
    base_models.settle_tied_head(model)
    ALL_ATTENTION_FUNCTIONS.register("sdpa", sdpa_attention_forward)
    return model.to(base.device).eval()
