"""The tokenizer in a GGUF file, as transformers reads it, completed by what the file itself says.

That is which tokens begin and end a text, which one is added to a text, and the chat template.
"""

from __future__ import annotations

from pathlib import Path

from tokenizers import normalizers
from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from engine.config.gguf_models import HINT
from engine.errors import BaseModelError
from engine.system.gguf_header import GgufHeader
from engine.worker.modeling.gguf_config import FIELD, TOKENS, token_id
from engine.worker.runtime import tokenizer_trial

SPLITTING, MODEL, TEMPLATE = "tokenizer.ggml.pre", "tokenizer.ggml.model", "tokenizer.chat_template"
BYTE_LEVEL = "gpt2"
# As llama.cpp does it: these begin every text with a token unless a file says otherwise, and take a word that is in
# the vocabulary whole, whatever the merges say.
LLAMA3 = {"llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"}
# The tokenizers of these compose characters first, which no GGUF file says.
COMPOSED = {"qwen2", "deepseek-r1-qwen"}
# What transformers splits as the model's own tokenizer does. Two split digits apart, which no merge joins again.
KNOWN_SPLITTING = {
    *LLAMA3,
    "gpt-2",
    "smollm",
    "starcoder",
    "tekken",
    "qwen2",
    "deepseek-r1-qwen",
    "gpt-4o",
    "llama4",
}


def read(folder: Path, file: str, header: GgufHeader, name: str) -> PreTrainedTokenizerBase:
    """Return the tokenizer of a file in a folder. Raises BaseModelError, and whatever the library raises."""
    read_one = AutoTokenizer.from_pretrained(
        folder, gguf_file=file, trust_remote_code=False, local_files_only=True
    )
    # The classes of single models make their own rules anew when they are read from a folder.
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=read_one.backend_tokenizer)
    for token, key in TOKENS.items():
        found = token_id(header, key)
        setattr(tokenizer, token, None if found is None else tokenizer.convert_ids_to_tokens(found))
    if tokenizer.eos_token_id is None:
        message = f"{name} names no token that ends a text (tokenizer.ggml.eos_token_id)."
        raise BaseModelError(message, "Choose another GGUF file of this model.", FIELD)
    splitting = header.text(SPLITTING)
    is_llama3 = header.text(MODEL) == BYTE_LEVEL and splitting in LLAMA3
    if splitting in COMPOSED:
        tokenizer.backend_tokenizer.normalizer = normalizers.NFC()
    if is_llama3:
        tokenizer.backend_tokenizer.model.ignore_merges = True
    begins = header.settings.get("tokenizer.ggml.add_bos_token", is_llama3 or header.text(MODEL) == "llama")
    tokenizer.add_bos_token = begins is True and tokenizer.bos_token_id is not None
    tokenizer.add_eos_token = header.settings.get("tokenizer.ggml.add_eos_token") is True
    tokenizer.chat_template = header.text(TEMPLATE) or None
    return tokenizer


def unknown_splitting(header: GgufHeader) -> str:
    """Return how a file says that text is split, if nothing here splits it in just that way; "" otherwise."""
    splitting = header.text(SPLITTING)
    return splitting if header.text(MODEL) == BYTE_LEVEL and splitting not in KNOWN_SPLITTING else ""


def save(tokenizer: PreTrainedTokenizerBase, folder: Path, name: str) -> None:
    """Write a tokenizer into a model folder. Raises BaseModelError if it is another one when it is read from there."""
    tokenizer.save_pretrained(folder)
    again = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    same = all(tokenizer(text)["input_ids"] == again(text)["input_ids"] for text in tokenizer_trial.TEXTS)
    if not same or tokenizer.special_tokens_map != again.special_tokens_map:
        raise BaseModelError(
            f"The tokenizer of {name} can't be kept in a model folder.",
            HINT,
            FIELD,
        )
