"""Merges an adapter into its base model, as a plain folder that plain transformers loads.

The sum is made in float32, whatever the base is stored in, and then stored as the base is or as asked. Knows nothing of
how the adapter was trained.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import GenerationConfig, PreTrainedModel

from engine.adapters import library
from engine.adapters.library import Adapter
from engine.config.recipe import BaseModelOptions
from engine.errors import AdapterError
from engine.system.files import write_atomically
from engine.worker.exports import plain_prompt
from engine.worker.kernels.library import Conv1D
from engine.worker.kernels.registry import enabled
from engine.worker.modeling.base_models import LoadedBase, Model

HEAD = "lm_head.weight"
RUNTIME = "transformers"
SHARD_SIZE = "4GB"
PROBE = "Ann: Shall we meet at 5 pm?\nBob: Yes, at the station."
# Logits are of order 10; adding in float32 moves them by about 1e-5.
TOLERANCE = 1e-3


def refuse_unmergeable(adapter: Adapter) -> None:
    """Raise AdapterError for an adapter whose result is no plain model: by its method, or by its base."""
    if not adapter.unmergeable:
        _refuse_impossible_weights(adapter)
        return
    hint = "Export the adapter instead."
    if adapter.metadata.base_model.quantization == "int8":
        hint = f"{hint} Adapters of nf4 and fp4 bases can be merged."
    raise AdapterError(f"{adapter.name} can't be merged: {adapter.unmergeable}.", hint)


def _refuse_impossible_weights(adapter: Adapter) -> None:
    for remark in library.remarks_on_weights(adapter):
        raise AdapterError(f"{adapter.name} can't be merged: its weights are damaged.", remark)


def base_options(adapter: Adapter, precision: str = "float32") -> BaseModelOptions:
    """Return the base that the adapter was trained on, quantized if that was; in float32 to merge into it."""
    made_for = adapter.metadata.base_model
    if not made_for.id:
        raise AdapterError(f"{adapter.name} does not say which base model it was made for.")
    return BaseModelOptions.model_validate(made_for.as_table() | {"precision": precision or "auto"})


def dequantize(base: LoadedBase) -> None:
    """Give a quantized base plain weights that say the same: merging into quantized ones rounds the sum away."""
    if base.options.quantization != "none":
        base.model = base.model.dequantize().float()
        # dequantize() leaves it set, and IA3 then refuses to merge.
        base.model.is_loaded_in_4bit = False


def merge(base: LoadedBase, model: PeftModel, name: str) -> PreTrainedModel:
    """Return the base with the adapter of `model` folded in.

    Raises AdapterError, which calls the adapter by its name, if the sum would compute something else.
    """
    before = _logits(base, model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        merged: PreTrainedModel = model.merge_and_unload(safe_merge=True)
    after = _logits(base, merged)
    if not torch.allclose(before, after, rtol=TOLERANCE, atol=TOLERANCE * float(before.abs().max())):
        raise AdapterError(
            f"{name} can't be merged: the merged model would not write the same.",
            "It changes weights that the base shares between layers. Export the adapter instead.",
        )
    return merged


def as_stored(merged: PreTrainedModel) -> PreTrainedModel:
    """Return the model with Conv1D layers where its files have them; quantizing put linear layers in their place."""
    with torch.device("meta"):
        usual = type(merged)(merged.config)
    for name, module in usual.named_modules():
        merged_module = merged.get_submodule(name)
        if isinstance(module, Conv1D) and isinstance(merged_module, torch.nn.Linear):
            stored = Conv1D(merged_module.out_features, merged_module.in_features)
            stored.weight = torch.nn.Parameter(merged_module.weight.detach().T.contiguous())
            stored.bias = merged_module.bias
            merged.set_submodule(name, stored)
    return merged


@torch.no_grad()
def _logits(base: LoadedBase, model: Model) -> torch.Tensor:
    ids = torch.tensor([base.tokenizer(PROBE)["input_ids"]], device=base.device)
    decoded = {"decoder_input_ids": ids} if base.family == "encoder-decoder" else {}
    logits: torch.Tensor = model(input_ids=ids, **decoded).logits
    return logits


def save(
    model: PreTrainedModel,
    base: LoadedBase,
    folder: Path,
    decoding: GenerationConfig | None = None,
    settings: dict[str, Any] | None = None,
) -> None:
    """Write model and tokenizer into a folder; with the settings of a prompt also a script that summarises.

    With `decoding`, plain `generate` decodes as the adapter does, and stops where it was taught to.
    """
    if decoding is not None:
        model.generation_config = decoding
    model.save_pretrained(folder, max_shard_size=SHARD_SIZE)
    base.tokenizer.save_pretrained(folder)
    if enabled("tied_head"):
        correct_tied_head(folder)
    if settings is not None:
        plain_prompt.write(settings, RUNTIME, folder)


def correct_tied_head(folder: Path) -> None:
    """Declare the head as untied in config.json if the folder holds a separate one.

    WORKAROUND: transformers 5.24 may write "tied" for every T5, and version 4 then loads the embedding as head.
    """
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    heads = [HEAD in library.weight_shapes(file) for file in folder.glob("*.safetensors")]
    if any(heads) and config.get("tie_word_embeddings", True):
        write_atomically(path, json.dumps(config | {"tie_word_embeddings": False}, indent=2) + "\n")
