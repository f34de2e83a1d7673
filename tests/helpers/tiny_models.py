"""Small random models as ordinary model folders, one of each kind that Tunesmith distinguishes.

    t5          T5 with an untied head, as flan-t5 files have it; its tokenizer has "▁" for spaces and bytes
    t5-tied     the same with a tied head
    bart        absolute positions, forced first token, and a generation config that must not leak into ours
    llama       grouped-query attention, rotary positions
    gpt2        absolute positions, fused attention weights (Conv1D), no pad token of its own

Each is built once a process, from a fixed seed, without a network; a forward pass takes milliseconds.
"""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Literal

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    GenerationConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

Kind = Literal["t5", "t5-tied", "bart", "llama", "gpt2"]
# Those that differ most first.
KINDS: tuple[Kind, ...] = ("t5", "llama", "bart", "gpt2", "t5-tied")
PAD, EOS, BOS, UNKNOWN = "<pad>", "</s>", "<s>", "<unk>"
SEED = 7


@cache
def tiny_model(kind: Kind, layers: int = 2) -> Path:
    """Return the folder of the small model of this kind. Copy it before changing anything in it."""
    folder = _session_folder() / (kind if layers == 2 else f"{kind}-{layers}-layers")
    torch.manual_seed(SEED)
    model, tokenizer = _BUILDERS[kind](layers)
    _enlarge_weights(model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@cache
def _session_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tunesmith-tiny-models-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _enlarge_weights(model: PreTrainedModel) -> None:
    """Enlarge the random matrices, so that outputs depend on the input and logits have no ties."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1 and "layer_norm" not in name:
                parameter.normal_(0.0, 0.3)


def _t5(layers: int, tied: bool) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    tokenizer = _byte_fallback_tokenizer()
    config = T5Config(
        vocab_size=len(tokenizer), d_model=32, d_kv=8, d_ff=48, num_layers=layers, num_heads=4,
        feed_forward_proj="gated-gelu", dropout_rate=0.1, pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id, decoder_start_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    model = T5ForConditionalGeneration(config)
    if not tied:
        model.config.tie_word_embeddings = False
        model.lm_head.weight = torch.nn.Parameter(torch.empty(len(tokenizer), config.d_model).normal_())
    return model, tokenizer


def _bart(layers: int) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    tokenizer = _byte_level_tokenizer(single=f"{BOS} $A {EOS}")
    special = {
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "decoder_start_token_id": tokenizer.eos_token_id,
    }
    config = BartConfig(
        vocab_size=len(tokenizer), d_model=32, encoder_layers=layers, decoder_layers=layers,
        encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=48, decoder_ffn_dim=48,
        max_position_embeddings=1024, **special,
    )  # fmt: skip
    model = BartForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        max_length=20, min_length=10, num_beams=4, no_repeat_ngram_size=3, length_penalty=2.0,
        early_stopping=True, forced_bos_token_id=tokenizer.bos_token_id,
        forced_eos_token_id=tokenizer.eos_token_id, **special,
    )  # fmt: skip
    return model, tokenizer


def _llama(layers: int) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    tokenizer = _byte_level_tokenizer(single=f"{BOS} $A")
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=48, num_hidden_layers=layers,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=2048,
        pad_token_id=tokenizer.pad_token_id, bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    return LlamaForCausalLM(config), tokenizer


def _gpt2(layers: int) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    tokenizer = _byte_level_tokenizer(single="", pad=False)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=1024, n_embd=32, n_layer=layers, n_head=4,
        bos_token_id=tokenizer.eos_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    return GPT2LMHeadModel(config), tokenizer


_BUILDERS: dict[Kind, Callable[[int], tuple[PreTrainedModel, PreTrainedTokenizerFast]]] = {
    "t5": partial(_t5, tied=False), "t5-tied": partial(_t5, tied=True), "bart": _bart, "llama": _llama,
    "gpt2": _gpt2,
}  # fmt: skip


def _byte_level_tokenizer(single: str, pad: bool = True) -> PreTrainedTokenizerFast:
    """Return a tokenizer with one token a byte, GPT-2's way; `single` is the template around a text."""
    specials = [PAD, BOS, EOS] if pad else [EOS]
    tokenizer = _with_specials(specials, sorted(pre_tokenizers.ByteLevel.alphabet()), byte_fallback=False)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if single:
        _wrap(tokenizer, single, specials)
    names = {"bos_token": BOS, "pad_token": PAD} if pad else {"bos_token": EOS}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=EOS, **names)


def _byte_fallback_tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer as T5's: "▁" for spaces, printable ASCII as it is, other bytes one by one."""
    letters = ["▁", *(chr(code) for code in range(33, 127))]
    tokenizer = _with_specials(
        [PAD, EOS, UNKNOWN], letters + [f"<0x{byte:02X}>" for byte in range(256)], byte_fallback=True
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(), decoders.Fuse()])
    _wrap(tokenizer, f"$A {EOS}", [PAD, EOS])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=EOS, pad_token=PAD, unk_token=UNKNOWN
    )


def _with_specials(specials: list[str], pieces: list[str], byte_fallback: bool) -> Tokenizer:
    vocabulary = {piece: index for index, piece in enumerate([*specials, *pieces])}
    tokenizer = Tokenizer(
        models.BPE(
            vocab=vocabulary, merges=[], byte_fallback=byte_fallback,
            unk_token=UNKNOWN if UNKNOWN in specials else None,
        )
    )  # fmt: skip
    tokenizer.add_special_tokens([AddedToken(special, special=True) for special in specials])
    return tokenizer


def _wrap(tokenizer: Tokenizer, single: str, specials: list[str]) -> None:
    tokenizer.post_processor = processors.TemplateProcessing(
        single=single, special_tokens=[(special, tokenizer.token_to_id(special)) for special in specials]
    )
