"""Parts of libraries that have no public name, imported in one place: an upgrade that moves them breaks here alone."""

from __future__ import annotations

from typing import Any

from peft.mapping import PEFT_TYPE_TO_TUNER_MAPPING
from peft.tuners.boft import layer as boft_layer
from peft.tuners.c3a.utils import BlockCircularConvolution
from peft.tuners.lora.layer import LoraVariant
from peft.tuners.shira import layer as shira_layer
from peft.utils.integrations import dequantize_module_weight
from torch.utils._pytree import tree_flatten, tree_map
from transformers.activations import FastGELUActivation, NewGELUActivation
from transformers.cache_utils import DynamicLayer
from transformers.integrations.sdpa_attention import (
    create_position_bias_mask,
    repeat_kv,
    sdpa_attention_forward,
)
from transformers.modeling_outputs import BaseModelOutput, CausalLMOutputWithPast
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
)
from transformers.pytorch_utils import Conv1D
from transformers.quantizers.base import HfQuantizer
from transformers.quantizers.quantizers_utils import should_convert_module
from transformers.utils import ModelOutput, logging

__all__ = [
    "ALL_ATTENTION_FUNCTIONS",
    "CACHE",
    "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES",
    "MODEL_FOR_MASKED_LM_MAPPING_NAMES",
    "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES",
    "PEFT_TYPE_TO_TUNER_MAPPING",
    "BaseModelOutput",
    "BlockCircularConvolution",
    "Conv1D",
    "DynamicLayer",
    "FastGELUActivation",
    "LoraVariant",
    "ModelOutput",
    "NewGELUActivation",
    "are_adapters_disabled",
    "boft_layer",
    "checkpoint_activations",
    "create_position_bias_mask",
    "dequantize_module_weight",
    "logging",
    "repeat_kv",
    "sdpa_attention_forward",
    "shira_layer",
    "should_convert_module",
    "tree_flatten",
    "tree_map",
    "unquantized_modules",
]

# The argument and the output field that hold the KV cache: transformers 5.24 renamed past_key_values.
CACHE = "cache" if "cache" in CausalLMOutputWithPast.__dataclass_fields__ else "past_key_values"


def checkpoint_activations(model: Any, options: dict[str, Any]) -> None:
    """Let a model checkpoint its activations; transformers 5.22 has this under its older name only."""
    enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
    enable(options)


def unquantized_modules(model: Any) -> list[str]:
    """Return the names of the modules that bitsandbytes leaves as they are, for `should_convert_module`."""
    names: list[str] = HfQuantizer.get_modules_to_not_convert(model, None, model._keep_in_fp32_modules)
    return names


def are_adapters_disabled(model: Any) -> bool:
    """Tell whether a PEFT model computes as its base; PEFT's public status does not cover soft prompts."""
    return bool(model._adapters_disabled)
