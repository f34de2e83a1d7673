"""Base models as transformers loads them, without Tunesmith's patches, for comparison."""

from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, BitsAndBytesConfig, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from engine.worker.modeling import base_models
from engine.worker.modeling.base_models import LoadedBase
from tests.helpers.worker_setup import make_channel


def plain_model(base: LoadedBase) -> PreTrainedModel:
    """Load the model of a base again, in its dtype; resets SDPA attention to torch's for all models of this process."""
    loader = AutoModelForSeq2SeqLM if base.family == "encoder-decoder" else AutoModelForCausalLM
    folder = base_models.folder_of(base.options, make_channel("inspect"))
    model: PreTrainedModel = loader.from_pretrained(
        folder, dtype=getattr(torch, base.precision), **_quantization(base)
    )
    base_models.declare_untied_head(model)
    ALL_ATTENTION_FUNCTIONS.register("sdpa", sdpa_attention_forward)
    return (model if base.options.quantization != "none" else model.to(base.device)).eval()


def _quantization(base: LoadedBase) -> dict[str, Any]:
    """Return by which arguments users of bitsandbytes load the same base."""
    options = base.options
    if options.quantization == "none":
        return {}
    if options.quantization == "int8":
        return {"quantization_config": BitsAndBytesConfig(load_in_8bit=True), "device_map": {"": base.device}}
    asked = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=options.quantization,
        bnb_4bit_use_double_quant=options.double_quantization,
        bnb_4bit_compute_dtype=getattr(torch, base.precision),
    )
    return {"quantization_config": asked, "device_map": {"": base.device}}
