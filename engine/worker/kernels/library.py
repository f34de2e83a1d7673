"""Parts of libraries that have no public name, imported in one place: an upgrade that moves them breaks here alone."""

from __future__ import annotations

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
from transformers.utils import ModelOutput, logging

__all__ = [
    "ALL_ATTENTION_FUNCTIONS",
    "CACHE",
    "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES",
    "MODEL_FOR_MASKED_LM_MAPPING_NAMES",
    "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES",
    "BaseModelOutput",
    "Conv1D",
    "DynamicLayer",
    "FastGELUActivation",
    "ModelOutput",
    "NewGELUActivation",
    "create_position_bias_mask",
    "logging",
    "repeat_kv",
    "sdpa_attention_forward",
]

# The argument and the output field that hold the KV cache: transformers 5.24 renamed past_key_values.
CACHE = "cache" if "cache" in CausalLMOutputWithPast.__dataclass_fields__ else "past_key_values"
