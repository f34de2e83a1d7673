"""Random T5 models in the shapes of flan-t5, as ordinary folders: as slow and as large as the real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoTokenizer, PreTrainedTokenizerBase, T5Config, T5ForConditionalGeneration

from tests.helpers.shared_data import T5_TOKENIZER
from tests.helpers.tiny_models import tiny_model

Shape = Literal["flan-t5-small", "flan-t5-base"]
VOCABULARY = 32128
SHAPES: dict[Shape, dict[str, int]] = {
    "flan-t5-small": {"d_model": 512, "d_kv": 64, "d_ff": 1024, "num_layers": 8, "num_heads": 6},
    "flan-t5-base": {"d_model": 768, "d_kv": 64, "d_ff": 2048, "num_layers": 12, "num_heads": 12},
}
SEED = 7


def t5_tokenizer() -> Any:
    """Return T5's tokenizer if it lies beside the checkout, else one with a token per letter."""
    return AutoTokenizer.from_pretrained(T5_TOKENIZER if T5_TOKENIZER.exists() else tiny_model("t5"))


def save_t5(shape: Shape, tokenizer: PreTrainedTokenizerBase, folder: Path) -> Path:
    """Save a T5 of this shape with an untied head, as flan-t5 has; return the folder."""
    torch.manual_seed(SEED)
    config = T5Config(
        **SHAPES[shape],
        vocab_size=VOCABULARY,
        feed_forward_proj="gated-gelu",
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    model = T5ForConditionalGeneration(config)
    model.config.tie_word_embeddings = False
    model.lm_head.weight = torch.nn.Parameter(torch.randn(VOCABULARY, config.d_model) * 0.02)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
