"""GGUF files of small Llamas, written with the package `gguf` as llama.cpp's converter writes them."""

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from safetensors.torch import load_file

NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip
CONTROL, NORMAL = 3, 1


def write_llama(
    model: Path,
    target: Path,
    kind: str = "F32",
    settings: dict[str, Any] | None = None,
    tensors: dict[str, np.ndarray] | None = None,
    template: str | None = None,
) -> Path:
    """Write a Llama's folder as a GGUF file, its matrices in a number format of ggml.

    `settings` replace whole numbers and texts by their keys, None leaves one out; `tensors` are added.
    """
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    writer = gguf.GGUFWriter(target, str((settings or {}).pop("general.architecture", "llama")))
    for key, value in {**_settings(config), **(settings or {})}.items():
        if value is not None:
            (writer.add_string if isinstance(value, str) else writer.add_uint32)(key, value)
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    _add_tokenizer(writer, model)
    if template is not None:
        writer.add_chat_template(template)
    for name, tensor in load_file(model / "model.safetensors").items():
        _add_tensor(writer, name, tensor.float().numpy(), config, kind)
    for name, values in (tensors or {}).items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def _settings(config: dict[str, Any]) -> dict[str, Any]:
    heads = config["num_attention_heads"]
    return {
        "general.type": "model",
        "general.license": "apache-2.0",
        "llama.block_count": config["num_hidden_layers"],
        "llama.context_length": config["max_position_embeddings"],
        "llama.embedding_length": config["hidden_size"],
        "llama.feed_forward_length": config["intermediate_size"],
        "llama.attention.head_count": heads,
        "llama.attention.head_count_kv": config["num_key_value_heads"],
        "llama.rope.dimension_count": config["hidden_size"] // heads,
        "llama.vocab_size": config["vocab_size"],
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.bos_token_id": config["bos_token_id"],
        "tokenizer.ggml.eos_token_id": config["eos_token_id"],
        "tokenizer.ggml.padding_token_id": config["pad_token_id"],
    }


def _add_tokenizer(writer: gguf.GGUFWriter, model: Path) -> None:
    described = json.loads((model / "tokenizer.json").read_text(encoding="utf-8"))
    special = {each["content"] for each in described["added_tokens"]}
    vocabulary = described["model"]["vocab"] | {
        each["content"]: each["id"] for each in described["added_tokens"]
    }
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    writer.add_token_list(tokens)
    writer.add_token_types([CONTROL if token in special else NORMAL for token in tokens])
    # The vocabulary is of single bytes, so that nothing is merged.
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_add_bos_token(True)


def _add_tensor(
    writer: gguf.GGUFWriter, name: str, values: np.ndarray, config: dict[str, Any], kind: str
) -> None:
    layer, _, suffix = name.rpartition(".")
    block = ""
    if layer.startswith("model.layers."):
        _, _, number, layer = layer.split(".", 3)
        block = f"blk.{number}."
    title = NAMES[layer]
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}.get(title)
    if heads:
        # As llama.cpp turns positions: both halves of a head in turns.
        half = values.shape[0] // heads // 2
        values = values.reshape(heads, 2, half, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)
    written = f"{block}{title}.{suffix}"
    if values.ndim == 1 or kind == "F32":
        writer.add_tensor(written, np.ascontiguousarray(values, np.float32))
        return
    quantized = gguf.GGMLQuantizationType[_fitting(kind, values.shape)]
    writer.add_tensor(written, gguf.quantize(np.ascontiguousarray(values), quantized), raw_dtype=quantized)


def _fitting(kind: str, shape: tuple[int, ...]) -> str:
    """Return the number format of a matrix: rows that are no whole blocks stay unquantized."""
    in_block = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[kind]][0]
    return "F16" if shape[-1] % in_block else kind


def rounded(model: Any, kind: str) -> Any:
    """Return a model with its matrices as they are in a file of a number format, kept in float16."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                form = gguf.GGMLQuantizationType[_fitting(kind, tuple(parameter.shape))]
                values = gguf.dequantize(gguf.quantize(parameter.numpy(), form), form)
                parameter.copy_(torch.from_numpy(values.copy()))
            parameter.copy_(parameter.half())
    return model


def logits(model: Any) -> torch.Tensor:
    """Return what a model says of a fixed row of tokens."""
    ids = torch.arange(5, 45).reshape(2, 20)
    with torch.no_grad():
        found: torch.Tensor = model(input_ids=ids).logits
    return found
