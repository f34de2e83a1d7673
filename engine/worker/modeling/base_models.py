"""Finds, checks and loads base models: family, dtype, quantization, tied head, and errors in plain text."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch
from peft import PeftModel
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    BitsAndBytesConfig,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from engine.config import model_info
from engine.config.recipe import STARTER, BaseModelOptions, gguf_file, local_folder, looks_like_path
from engine.errors import AppError, BaseModelError, first_line
from engine.messages import say
from engine.methods import BaseFacts, Family, Quantization
from engine.system.foreign_files import FileKind, read_json
from engine.system.units import size
from engine.worker.hub import repository
from engine.worker.kernels import model_patches
from engine.worker.kernels.compat import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
)
from engine.worker.kernels.registry import enabled
from engine.worker.modeling import base_files, file_checks, gguf_unpacking
from engine.worker.runtime import device_problems, devices, oom, tokenizer_check
from engine.worker.runtime.channel import Channel, Stopped

FIELD = "base_model.id"
# Those of known models are up to 30,000 bytes long.
MAX_CHAT_TEMPLATE_BYTES = 500_000
MAX_CONFIG_BYTES = 32 << 20
# int8 on a GPU computes columns with larger activations in the dtype of the model, as LLM.int8() (Dettmers 2022) does:
# models of some 7 billion parameters lose accuracy without. On a CPU there is none: which columns are large depends on
# the rest of the batch, and a decoding step's logits were off those of training by up to a tenth.
OUTLIER_THRESHOLD = 6.0

Model: TypeAlias = PreTrainedModel | PeftModel


@dataclass
class LoadedBase:
    """A base model in memory, frozen, with its tokenizer and how it was loaded."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    family: Family
    options: BaseModelOptions
    fingerprint: str
    precision: str
    precision_reason: str
    device: torch.device
    threads: int


def load(
    options: BaseModelOptions, device_name: str, channel: Channel, *, on_host: bool = False
) -> LoadedBase:
    """Load a base model onto a device; downloads it first if it comes from the hub. Reports who else uses a GPU.

    With `on_host` it stays in the CPU's memory, in the dtype of that device.
    Raises BaseModelError, OfflineError, DeviceError.
    """
    # Nothing is downloaded for a device that is not there.
    device = devices.usable(device_name)
    for notice in devices.notices(device):
        channel.notice(**notice)
    folder = folder_of(options, channel)
    threads = devices.threads(device)
    torch.set_num_threads(threads)
    config = read_config(folder, options.id)
    family = family_of(config, options.id)
    chosen = choose_dtype(config, options, device)
    refuse_dtype(config, chosen.dtype, device)
    devices.set_float32_precision(
        device, exact=overflows_in_float16(config) and chosen.dtype == torch.float32
    )
    tokenizer = read_tokenizer(folder, options.id)
    fingerprint = base_files.fingerprint(folder, options.id, channel)
    if on_host:
        device = torch.device("cpu")

    def report(done: int, total: int) -> None:
        channel.check_stop()
        channel.progress(done, total, "weights")

    with base_files.reading_reported(report):
        model, loading = _read_model(folder, options, config, family, chosen.dtype, device)
    file_checks.require_complete(model, loading, options.id, channel)
    _require_rows_for(tokenizer, model, options.id)
    if enabled("tied_head"):
        declare_untied_head(model)
    model_patches.patch(model)
    if chosen.dtype == torch.float16:
        # Every forward pass computes matrices in float16, those of adapters too, and sums and norms in float32.
        model.forward = torch.autocast(device.type, dtype=torch.float16)(model.forward)
    model.requires_grad_(False)
    model.eval()
    return LoadedBase(
        model, tokenizer, family, options, fingerprint, chosen.name, chosen.reason, device, threads
    )


def _require_rows_for(tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel, name: str) -> None:
    """Raise BaseModelError if the model has no embedding for tokens that any text may give.

    Tokens that somebody added later may have none: no text gives them.
    """
    rows = model.get_input_embeddings().weight.shape[0]
    always = [tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.vocab_size - 1]
    if max(token for token in always if token is not None) >= rows:
        raise BaseModelError(
            say("The tokenizer of {} has {:,} tokens, the model {:,}.", name, tokenizer.vocab_size, rows),
            "Copy the model's own tokenizer files.",
            FIELD,
        )


def folder_of(options: BaseModelOptions, channel: Channel) -> Path:
    """Return the folder of a base model, downloaded from the hub or unpacked from its GGUF file if it is not there.

    Raises BaseModelError for a local folder without a model.
    """
    file = gguf_file(options.id)
    if file is not None:
        return gguf_unpacking.folder_of(file, channel)
    folder = local_folder(options.id)
    if folder is None:
        return repository.download(
            options.id,
            options.revision,
            "model",
            on_progress=channel.progress,
            cancelled=channel.stop_requested,
        )
    if not (folder / "config.json").exists():
        hint = "A model folder contains config.json and model.safetensors."
        raise BaseModelError(say("{} contains no model.", folder), hint, FIELD)
    return folder


def fetch_config(options: BaseModelOptions, channel: Channel) -> PretrainedConfig:
    """Return the configuration of a base model on the hub or in a GGUF file, without its weights."""
    file = gguf_file(options.id)
    if file is not None:
        return read_config(gguf_unpacking.outline_of(file, channel), options.id)
    folder = repository.fetch_config(options.id, options.revision, cancelled=channel.stop_requested)
    return read_config(folder, options.id)


def fetch_tokenizer(options: BaseModelOptions, channel: Channel) -> tuple[PreTrainedTokenizerBase, Path]:
    """Return a base model's tokenizer and its folder, without downloading or unpacking weights."""
    file = gguf_file(options.id)
    if file is not None:
        folder = gguf_unpacking.outline_of(file, channel)
    elif options.id == STARTER or looks_like_path(options.id):
        folder = folder_of(options, channel)
    else:
        folder = repository.fetch_tokenizer(options.id, options.revision, cancelled=channel.stop_requested)
    return read_tokenizer(folder, options.id), folder


def read_config(folder: Path, name: str) -> PretrainedConfig:
    """Return the configuration in a model folder, whose own code is not run. Raises BaseModelError."""
    file_checks.require_possible(folder, name)
    try:
        return AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    # A configuration of unknown kinds of values fails wherever it is first used.
    except Exception as error:
        raise BaseModelError(
            say("{} can't be loaded: {}", name, first_line(error)),
            "Tunesmith doesn't run models' own code.",
            FIELD,
        ) from error


def family_of(config: PretrainedConfig, name: str) -> Family:
    """Return the family a configuration belongs to. Raises BaseModelError if it is no text-to-text model."""
    if config.is_encoder_decoder and config.model_type in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES:
        return "encoder-decoder"
    # transformers lists BERT and its kin as causal models too. They attend to later tokens, so in training they copy
    # the labels, and then generate nonsense.
    is_bidirectional = config.model_type in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not getattr(
        config, "is_decoder", False
    )
    causal = config.model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and not is_bidirectional
    if causal and not config.is_encoder_decoder:
        return "decoder-only"
    raise BaseModelError(
        say("{} is a {} model, which generates no text.", name, config.model_type),
        "Choose a model such as T5, BART, Llama or Qwen.",
        FIELD,
    )


def facts(config: PretrainedConfig, quantization: Quantization) -> BaseFacts:
    """Return the facts of a configuration that the method registry decides by."""
    return model_info.of(_as_table(config), quantization)


def positions(config: PretrainedConfig) -> int | None:
    """Return the size of the context window in tokens; None for models without a limit, such as T5."""
    return model_info.positions(_as_table(config))


def kv_values_per_token(config: PretrainedConfig) -> int | None:
    """Return how many values the KV cache holds for each token; None for models without one.

    In an encoder-decoder this is the count for an input token, or for an output token.
    """
    of = config.get_text_config(decoder=True)
    heads = getattr(of, "num_key_value_heads", None) or getattr(of, "num_attention_heads", None)
    if not isinstance(heads, int):
        return None
    width = getattr(of, "head_dim", None) or of.hidden_size // of.num_attention_heads
    return int(2 * of.num_hidden_layers * heads * width)


def _as_table(config: PretrainedConfig) -> dict[str, Any]:
    """Return a configuration as in a model's file, with the number of positions under its usual name."""
    limit = getattr(config, "max_position_embeddings", None)
    return config.to_dict() | {"max_position_embeddings": limit}


def overflows_in_float16(config: PretrainedConfig) -> bool:
    """Return whether activations overflow in float16, without an error: those of T5 do."""
    return "t5" in config.model_type


def choose_dtype(config: PretrainedConfig, options: BaseModelOptions, device: torch.device) -> devices.Format:
    """Return the dtype of a model's weights on a device, as asked for or chosen."""
    return devices.number_format(options.precision, device, overflows=overflows_in_float16(config))


def refuse_dtype(config: PretrainedConfig, dtype: torch.dtype, device: torch.device) -> None:
    """Raise BaseModelError for a model in float16 that overflows, DeviceError for bfloat16 where there is none."""
    if dtype == torch.float16 and overflows_in_float16(config):
        raise BaseModelError("T5 overflows in float16.", "Use bfloat16.", "base_model.precision")
    devices.refuse_bfloat16(dtype, device)


def _refuse_long_chat_template(folder: Path, name: str) -> None:
    """Raise BaseModelError for a huge chat template, which would be copied with the tokenizer."""
    files = [folder / "chat_template.jinja", folder / "chat_template.json"]
    files += (folder / "additional_chat_templates").glob("*.jinja")
    longest = max((path.stat().st_size for path in files if path.exists()), default=0)
    config = folder / "tokenizer_config.json"
    if config.exists():
        whole = config.stat().st_size
        longest = max(longest, whole if whole > MAX_CONFIG_BYTES else 0)
        # Damage is left to the loader to report.
        with suppress(OSError, ValueError):
            parsed = read_json(config, FileKind.MODEL_CONFIG)
            if isinstance(parsed, dict):
                longest = max(longest, len(json.dumps(parsed.get("chat_template"))))
    if longest > MAX_CHAT_TEMPLATE_BYTES:
        raise BaseModelError(
            say(
                "A chat template of {} has {}; the limit is {}.",
                name,
                size(longest),
                size(MAX_CHAT_TEMPLATE_BYTES),
            ),
            "Don't trust this model, or remove its chat template.",
            FIELD,
        )


def read_tokenizer(folder: Path, name: str) -> PreTrainedTokenizerBase:
    """Return the tokenizer in a model folder, with a padding token. Raises BaseModelError."""
    file_checks.require_own_files(folder, name)
    _refuse_long_chat_template(folder, name)
    tokenizer_check.require_checked(folder, name, "transformers")
    tokenizer = tokenizer_check.loaded(folder, name)
    if tokenizer.eos_token_id is None:
        raise BaseModelError(
            say("The tokenizer of {} has no end token.", name), "Copy its tokenizer_config.json too.", FIELD
        )
    if tokenizer.pad_token_id is None:
        # Padding is masked and never a label, so any token serves.
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _read_model(
    folder: Path,
    options: BaseModelOptions,
    config: PretrainedConfig,
    family: Family,
    dtype: torch.dtype,
    device: torch.device,
) -> tuple[PreTrainedModel, dict[str, Any]]:
    """Return the model, and what transformers tells of reading its weights."""
    file_checks.require_safetensors(folder, options.id)
    loader = AutoModelForSeq2SeqLM if family == "encoder-decoder" else AutoModelForCausalLM
    try:
        model, loading = loader.from_pretrained(
            folder,
            output_loading_info=True,
            config=config,
            dtype=dtype,
            trust_remote_code=False,
            local_files_only=True,
            use_safetensors=True,
            quantization_config=quantization(options, dtype, device),
            device_map={"": device},
        )
    except (Stopped, AppError):
        raise
    except Exception as error:
        if oom.is_oom(error) or device_problems.of_failure(error) is not None:
            raise
        raise BaseModelError(
            say("{} can't be loaded: {}", options.id, first_line(error)),
            "Only safetensors files are accepted; others can run code.",
            FIELD,
        ) from error
    # On CPUs with avx512_bf16 bitsandbytes 0.50 repacks 4-bit weights in place at the first forward pass in eval mode,
    # and later merges and dequantizes to garbage without an error. Without repacking, eval mode computes what training
    # mode computes, at the same speed.
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
    return model, loading


def quantization(
    options: BaseModelOptions, dtype: torch.dtype, device: torch.device
) -> BitsAndBytesConfig | None:
    """Return the config by which bitsandbytes quantizes the frozen weights, None for unquantized ones."""
    if options.quantization == "none":
        return None
    if options.quantization == "int8":
        threshold = 0.0 if device.type == "cpu" else OUTLIER_THRESHOLD
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_threshold=threshold)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=options.quantization,
        bnb_4bit_use_double_quant=options.double_quantization,
        bnb_4bit_compute_dtype=dtype,
    )


def declare_untied_head(model: PreTrainedModel) -> None:
    """Set the configuration's tie_word_embeddings to what the weights are.

    T5Config of transformers 5.24 claims a tied head for every T5. Resizing, PEFT and exports would believe it and
    overwrite the separate head of flan-t5 checkpoints.
    """
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    if head is not None and embedding is not None and head.weight.data_ptr() != embedding.weight.data_ptr():
        model.config.tie_word_embeddings = False


def shift_right(model: Any, labels: torch.Tensor) -> torch.Tensor:
    """Return the decoder input ids for `labels` (batch × length): shifted by one, ignored positions padded."""
    return model.prepare_decoder_input_ids_from_labels(labels=labels)
