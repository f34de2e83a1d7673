"""What a GGUF file says of its model: the configuration and the tokenizer, as transformers reads them, made complete.

transformers leaves some of it out. Without it a model is read as another one, without an error: positions that are
stretched, attention of another width, other tokens that begin and end a text. What can't be resolved is refused.
Compared with the models that llama.cpp's converter made files of.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import normalizers
from transformers import AutoTokenizer, PretrainedConfig, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from engine.config.gguf_models import HINT
from engine.errors import BaseModelError
from engine.messages import say
from engine.system.foreign_files import open_regular
from engine.system.gguf_header import GgufHeader
from engine.worker.runtime import tokenizer_check

FIELD = "base_model.id"
TOKENS = {"bos_token": "bos", "eos_token": "eos", "unk_token": "unknown", "pad_token": "padding"}
TURN_END = "tokenizer.ggml.eot_token_id"
STRETCHED = "rope_freqs.weight"
# As llama.cpp's converter takes them where Llama's configuration leaves them out.
LOW_FACTOR, HIGH_FACTOR, ORIGINAL_CONTEXT = 1.0, 4.0, 8192
TOLERANCE = 1e-3
KNOWN_SCALING = {"type", "factor", "original_context_length", "finetuned"}
SPLITTING, MODEL, TEMPLATE = "tokenizer.ggml.pre", "tokenizer.ggml.model", "tokenizer.chat_template"
BYTE_LEVEL = "gpt2"
# As llama.cpp does it: these begin every text with a token unless a file says otherwise, and take a word that is in
# the vocabulary whole, whatever the merges say.
LLAMA3 = {"llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"}
# The tokenizers of these compose characters first, which no GGUF file says.
COMPOSED = {"qwen2", "deepseek-r1-qwen"}
# What transformers splits as the model's own tokenizer does. Two split digits apart, which no merge joins again.
KNOWN_SPLITTING = {*LLAMA3, *COMPOSED, "gpt-2", "smollm", "starcoder", "tekken", "gpt-4o", "llama4"}


def complete_config(config: PretrainedConfig, header: GgufHeader, path: Path) -> None:
    """Complete a configuration that transformers made of a file. Raises BaseModelError for what can't be resolved."""
    name = header.architecture
    width = header.whole(f"{name}.attention.key_length")
    if width and hasattr(config, "head_dim"):
        config.head_dim = width
    if name == "llama" and any(tensor.name.endswith(".attn_q.bias") for tensor in header.tensors):
        config.attention_bias = True
    scaling = _scaling(header, path)
    if scaling:
        # Gemma stretches positions only where a layer looks at all of them.
        parameters = config.rope_parameters
        parameters.get("full_attention", parameters).update(scaling)
    for token, key in TOKENS.items():
        setattr(config, f"{token}_id", token_id(header, key))


def token_id(header: GgufHeader, key: str) -> int | None:
    """Return the id of a special token by its key in the file, such as "eos"."""
    return header.whole(f"tokenizer.ggml.{key}_token_id")


def end_tokens(header: GgufHeader) -> list[int]:
    """Return the tokens that end a text or, in a chat, a turn."""
    found = (token_id(header, "eos"), header.whole(TURN_END))
    return sorted({token for token in found if token is not None})


def _scaling(header: GgufHeader, path: Path) -> dict[str, Any]:
    """Return how positions are stretched, in the words of transformers; {} where they are not."""
    prefix = f"{header.architecture}.rope.scaling."
    given = {key.removeprefix(prefix): key for key in header.settings if key.startswith(prefix)}
    kind = header.text(f"{prefix}type") or ("linear" if "factor" in given else "none")
    factor = header.number(f"{prefix}factor")
    stretching = [tensor.name for tensor in header.tensors if tensor.name.startswith("rope_f")]
    if stretching == [STRETCHED] and kind == "none":
        return _llama3(header, path)
    if stretching or given.keys() - KNOWN_SCALING:
        raise unusable(path, "its position scaling is unknown")
    if kind == "none":
        return {}
    original = header.whole(f"{prefix}original_context_length")
    if kind == "linear" and factor:
        return {"rope_type": "linear", "factor": factor}
    if kind == "yarn" and factor and original:
        return {"rope_type": "yarn", "factor": factor, "original_max_position_embeddings": original}
    raise unusable(path, say("its position scaling is unknown ({})", kind[:40]))


def _llama3(header: GgufHeader, path: Path) -> dict[str, Any]:
    """Return the stretching of Llama 3.1 that a file holds as one factor for each frequency."""
    [tensor] = [each for each in header.tensors if each.name == STRETCHED]
    if tensor.format != "F32" or len(tensor.shape) > 1:
        raise unusable(path, "its position scaling is unknown")
    with open_regular(path) as stream:
        stream.seek(tensor.start)
        factors = np.frombuffer(stream.read(tensor.bytes), "<f4").astype(float).tolist()
    base = header.number(f"{header.architecture}.rope.freq_base") or 10_000.0
    lengths = [2 * math.pi * base ** (at / len(factors)) for at in range(len(factors))]
    factor, context = max(factors), ORIGINAL_CONTEXT
    # The factors between none and all of it say what the context was before it was stretched.
    for each, length in zip(factors, lengths, strict=True):
        if 1 < each < factor:
            smooth = (1 / each - 1 / factor) / (1 - 1 / factor)
            context = round(length * (smooth * (HIGH_FACTOR - LOW_FACTOR) + LOW_FACTOR))
            break

    def stretched(length: float) -> float:
        """Return by how much a wave of so many positions is stretched."""
        if length < context / HIGH_FACTOR:
            return 1.0
        if length > context / LOW_FACTOR:
            return factor
        smooth = (context / length - LOW_FACTOR) / (HIGH_FACTOR - LOW_FACTOR)
        return 1 / ((1 - smooth) / factor + smooth)

    expected = list(map(stretched, lengths))
    if not math.isfinite(factor) or not np.allclose(factors, expected, rtol=TOLERANCE):
        raise unusable(path, "its position scaling is unknown")
    return {
        "rope_type": "llama3",
        "factor": factor,
        "low_freq_factor": LOW_FACTOR,
        "high_freq_factor": HIGH_FACTOR,
        "original_max_position_embeddings": context,
    }


def unusable(path: Path, reason: str) -> BaseModelError:
    """Return the error of a file that can't be made a model folder."""
    return BaseModelError(say("{} can't be unpacked: {}.", path.name, reason), HINT, FIELD)


# ----------------------------------------------------------------------------------------------------- the tokenizer


def read_tokenizer(folder: Path, file: str, header: GgufHeader, name: str) -> PreTrainedTokenizerBase:
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
        message = say("{} names no end token (tokenizer.ggml.eos_token_id).", name)
        raise BaseModelError(message, "Choose another GGUF file.", FIELD)
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


def save_tokenizer(tokenizer: PreTrainedTokenizerBase, folder: Path, name: str) -> None:
    """Write a tokenizer into a model folder. Raises BaseModelError if it is another one when it is read from there."""
    tokenizer.save_pretrained(folder)
    again = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    same = all(tokenizer(text)["input_ids"] == again(text)["input_ids"] for text in tokenizer_check.TEXTS)
    if not same or tokenizer.special_tokens_map != again.special_tokens_map:
        raise BaseModelError(say("The tokenizer of {} can't be saved in a model folder.", name), HINT, FIELD)
