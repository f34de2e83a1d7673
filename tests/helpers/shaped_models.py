"""Random models in the shapes of flan-t5 and Llama, as slow and as large as the real ones, and data for them."""

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save_file
from transformers import (
    AutoTokenizer,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerBase,
    T5Config,
    T5ForConditionalGeneration,
)

from tests.helpers.shared_data import T5_TOKENIZER
from tests.helpers.tiny_models import tiny_model

T5Shape = Literal["t5-mini", "flan-t5-small", "flan-t5-base"]
LlamaShape = Literal["llama-mini", "llama-small", "llama-1b", "llama-7b"]
Shape = T5Shape | LlamaShape
VOCABULARY = 32128
T5_SHAPES: dict[T5Shape, dict[str, int]] = {
    "t5-mini": {"d_model": 128, "d_kv": 32, "d_ff": 256, "num_layers": 2, "num_heads": 4},
    "flan-t5-small": {"d_model": 512, "d_kv": 64, "d_ff": 1024, "num_layers": 8, "num_heads": 6},
    "flan-t5-base": {"d_model": 768, "d_kv": 64, "d_ff": 2048, "num_layers": 12, "num_heads": 12},
}
# "llama-small" has SmolLM2-135M's width at less than half its depth; the others are Llama 3.2 1B's and Llama 2 7B's.
LLAMA_SHAPES: dict[LlamaShape, dict[str, Any]] = {
    "llama-mini": {
        "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "vocab_size": 4096, "tie_word_embeddings": True,
    },
    "llama-small": {
        "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 12, "num_attention_heads": 9,
        "num_key_value_heads": 3, "vocab_size": 49152, "tie_word_embeddings": True,
    },
    "llama-1b": {
        "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32,
        "num_key_value_heads": 8, "vocab_size": 128256, "tie_word_embeddings": True,
        "max_position_embeddings": 8192,
    },
    "llama-7b": {
        "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 32, "vocab_size": 32000, "tie_word_embeddings": False,
        "max_position_embeddings": 4096,
    },
}  # fmt: skip
SEED = 7
SPREAD = 0.02
# By how much smaller the logits of tokens without letters are.
LESS = 16
LAYER = "model.layers."


def t5_tokenizer() -> Any:
    """Return T5's tokenizer if it lies beside the checkout, else one with a token per letter."""
    return AutoTokenizer.from_pretrained(T5_TOKENIZER if T5_TOKENIZER.exists() else tiny_model("t5"))


def save_shape(shape: Shape, folder: Path) -> Path:
    """Save a model of this shape with a tokenizer that has a token per letter; return the folder."""
    if shape in T5_SHAPES:
        return save_t5(shape, AutoTokenizer.from_pretrained(tiny_model("t5")), folder)
    return save_llama(shape, AutoTokenizer.from_pretrained(tiny_model("llama")), folder)


def save_t5(shape: T5Shape, tokenizer: PreTrainedTokenizerBase, folder: Path) -> Path:
    """Save a T5 of this shape with an untied head, as flan-t5 has; return the folder."""
    torch.manual_seed(SEED)
    config = T5Config(
        **T5_SHAPES[shape], vocab_size=VOCABULARY, feed_forward_proj="gated-gelu",
        pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    model = T5ForConditionalGeneration(config)
    model.config.tie_word_embeddings = False
    head = torch.randn(VOCABULARY, config.d_model) * SPREAD
    model.lm_head.weight = torch.nn.Parameter(writing_letters(head, tokenizer))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def writing_letters(head: torch.Tensor, tokenizer: PreTrainedTokenizerBase) -> torch.Tensor:
    """Return the weights of an output head that prefers tokens with letters: a random one writes hardly any text."""
    letters = [number for number in range(len(tokenizer)) if tokenizer.decode([number]).strip().isalpha()]
    preferred = torch.zeros(len(head), 1, dtype=torch.bool)
    preferred[letters] = True
    return torch.where(preferred, head, head / LESS)


def save_llama(shape: LlamaShape, tokenizer: PreTrainedTokenizerBase, folder: Path) -> Path:
    """Save a Llama of this shape in bfloat16; return the folder.

    Every layer gets the same random weights, written one by one: a 7B takes a layer's memory and little time.
    """
    torch.manual_seed(SEED)
    special = {name: getattr(tokenizer, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id")}
    config = LlamaConfig(**LLAMA_SHAPES[shape], **special)
    config.architectures, config.dtype = [LlamaForCausalLM.__name__], torch.bfloat16
    with torch.device("meta"):
        sizes = {name: each.shape for name, each in LlamaForCausalLM(config).state_dict().items()}
    if config.tie_word_embeddings:
        del sizes["lm_head.weight"]
    folder.mkdir(parents=True)
    head = "model.embed_tokens.weight" if config.tie_word_embeddings else "lm_head.weight"
    outside = {name: _random(size) for name, size in sizes.items() if not name.startswith(LAYER)}
    outside[head] = writing_letters(outside[head], tokenizer)
    _save_weights(_shards(outside, sizes, config.num_hidden_layers), folder)
    config.save_pretrained(folder)
    GenerationConfig.from_model_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _shards(
    outside: dict[str, torch.Tensor], sizes: Mapping[str, torch.Size], layers: int
) -> Iterator[dict[str, torch.Tensor]]:
    """Yield the weights outside of the layers, then those of each layer."""
    yield outside
    first = f"{LAYER}0."
    layer = {
        name.removeprefix(first): _random(size) for name, size in sizes.items() if name.startswith(first)
    }
    for number in range(layers):
        yield {f"{LAYER}{number}.{name}": tensor for name, tensor in layer.items()}


def _random(size: torch.Size) -> torch.Tensor:
    """Return random weights for a matrix, and ones for a norm."""
    if len(size) == 1:
        return torch.ones(size, dtype=torch.bfloat16)
    return torch.empty(size, dtype=torch.bfloat16).normal_(0.0, SPREAD)


def _save_weights(shards: Iterator[dict[str, torch.Tensor]], folder: Path) -> None:
    """Write each shard into a file of its own, and the index of all."""
    places: dict[str, str] = {}
    total = 0
    for number, tensors in enumerate(shards):
        name = f"model-{number:05}.safetensors"
        save_file(tensors, folder / name, metadata={"format": "pt"})
        places |= dict.fromkeys(tensors, name)
        total += sum(each.nbytes for each in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


# Lengths in tokens as in SAMSum: median 121, 95th percentile 385, most 753; summaries of some 24, at most 94.
MEDIAN, LENGTH_SPREAD, MAX_TOKENS = 121, 0.7, 753
SUMMARY_MEDIAN, SUMMARY_SPREAD, MAX_SUMMARY_TOKENS = 24, 0.55, 94
ANSWER = "\nBob: Yes."


def write_shaped(folder: Path, counts: Mapping[str, int], tokens: int = 0) -> Path:
    """Write so many conversations of each split, of SAMSum's lengths with the longest among them; return the folder.

    With `tokens` every conversation has so many.
    """
    draw = random.Random(0)
    folder.mkdir(parents=True)
    for split, count in counts.items():
        lengths = [tokens or _drawn(draw, MEDIAN, LENGTH_SPREAD, MAX_TOKENS) for _ in range(count)]
        lengths[-1] = tokens or MAX_TOKENS
        rows = [_example(f"{split}-{number}", length, draw) for number, length in enumerate(lengths)]
        (folder / f"{split}.jsonl").write_text("\n".join(rows), encoding="utf-8")
    return folder


def _drawn(draw: random.Random, median: int, spread: float, most: int) -> int:
    return min(most, max(1, int(draw.lognormvariate(0, spread) * median)))


def _example(name: str, length: int, draw: random.Random) -> str:
    room = max(0, length - len(ANSWER) - len(f"Ann: {name} "))
    said = f"Ann: {name} " + ("or so " * (room // 6 + 1))[:room]
    summary = _words(_drawn(draw, SUMMARY_MEDIAN, SUMMARY_SPREAD, MAX_SUMMARY_TOKENS))
    return json.dumps({"id": name, "dialogue": said + ANSWER, "summary": f"{name}: {summary}"})


def _words(letters: int) -> str:
    return ("Ann asks Bob about it, and he agrees. " * 4)[: max(4, letters)]
