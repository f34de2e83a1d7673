"""What a GGUF file says of its model and transformers leaves out of the configuration that it makes of it.

Without it a model is read as another one, without an error: positions that are stretched, attention of another width.
What can't be settled is refused. Compared with the models that llama.cpp's converter made files of.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PretrainedConfig

from engine.config.gguf_models import HINT
from engine.errors import BaseModelError
from engine.system.foreign_files import open_regular
from engine.system.gguf_header import GgufHeader

FIELD = "base_model.id"
TOKENS = {"bos_token": "bos", "eos_token": "eos", "unk_token": "unknown", "pad_token": "padding"}
TURN_END = "tokenizer.ggml.eot_token_id"
STRETCHED = "rope_freqs.weight"
# As llama.cpp's converter takes them where Llama's configuration leaves them out.
LOW_FACTOR, HIGH_FACTOR, ORIGINAL_CONTEXT = 1.0, 4.0, 8192
TOLERANCE = 1e-3
KNOWN_SCALING = {"type", "factor", "original_context_length", "finetuned"}


def settle(config: PretrainedConfig, header: GgufHeader, path: Path) -> None:
    """Complete a configuration that transformers made of a file. Raises BaseModelError for what can't be settled."""
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
        raise _unread(path, "its positions are stretched in a way of its own")
    if kind == "none":
        return {}
    original = header.whole(f"{prefix}original_context_length")
    if kind == "linear" and factor:
        return {"rope_type": "linear", "factor": factor}
    if kind == "yarn" and factor and original:
        return {"rope_type": "yarn", "factor": factor, "original_max_position_embeddings": original}
    raise _unread(path, f"its positions are stretched in a way that is not known ({kind[:40]})")


def _llama3(header: GgufHeader, path: Path) -> dict[str, Any]:
    """Return the stretching of Llama 3.1 that a file holds as one factor for each frequency."""
    [tensor] = [each for each in header.tensors if each.name == STRETCHED]
    if tensor.format != "F32" or len(tensor.shape) > 1:
        raise _unread(path, "its positions are stretched in a way of its own")
    with open_regular(path) as stream:
        stream.seek(tensor.start)
        factors = np.frombuffer(stream.read(tensor.bytes), "<f4").astype(float).tolist()
    base = header.number(f"{header.architecture}.rope.freq_base") or 10_000.0
    lengths = [2 * math.pi * base ** (at / len(factors)) for at in range(len(factors))]
    factor = max(factors)
    context = _original_context(factors, lengths, factor)
    expected = [_stretched(length, factor, context) for length in lengths]
    if not math.isfinite(factor) or not np.allclose(factors, expected, rtol=TOLERANCE):
        raise _unread(path, "its positions are stretched in a way of its own")
    return {
        "rope_type": "llama3",
        "factor": factor,
        "low_freq_factor": LOW_FACTOR,
        "high_freq_factor": HIGH_FACTOR,
        "original_max_position_embeddings": context,
    }


def _original_context(factors: Sequence[float], lengths: Sequence[float], factor: float) -> int:
    """Return the context before it was stretched: what the factors between none and all of it say."""
    for each, length in zip(factors, lengths, strict=True):
        if 1 < each < factor:
            smooth = (1 / each - 1 / factor) / (1 - 1 / factor)
            return round(length * (smooth * (HIGH_FACTOR - LOW_FACTOR) + LOW_FACTOR))
    return ORIGINAL_CONTEXT


def _stretched(length: float, factor: float, context: int) -> float:
    """Return by how much a wave of so many positions is stretched."""
    if length < context / HIGH_FACTOR:
        return 1.0
    if length > context / LOW_FACTOR:
        return factor
    smooth = (context / length - LOW_FACTOR) / (HIGH_FACTOR - LOW_FACTOR)
    return 1 / ((1 - smooth) / factor + smooth)


def dtype_of(precision: str) -> torch.dtype:
    """Return the number format of a name."""
    dtype: torch.dtype = getattr(torch, precision)
    return dtype


def _unread(path: Path, reason: str) -> BaseModelError:
    return BaseModelError(f"{path.name} can't be unpacked: {reason}.", HINT, FIELD)
