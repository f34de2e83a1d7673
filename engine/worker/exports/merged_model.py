"""Merges an adapter into its base model, as a plain folder that plain transformers loads.

The sum is made in float32, whatever the base is stored in, and then stored as the base is or as asked. No model is left
in memory when the folder is written. Knows nothing of how the adapter was trained.
"""

from __future__ import annotations

import gc
import json
import math
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import PretrainedConfig, PreTrainedModel

from engine.adapters import library
from engine.adapters.import_checks import weight_shapes
from engine.adapters.library import Adapter
from engine.config.recipe import BaseModelOptions
from engine.errors import AdapterError
from engine.messages import say
from engine.methods import Family
from engine.system.files import write_atomically
from engine.worker.adapters import attach
from engine.worker.exports import layer_merge, plain_prompt
from engine.worker.exports.plain_prompt import Prompt
from engine.worker.kernels.compat import Conv1D
from engine.worker.kernels.registry import enabled
from engine.worker.modeling import base_models, meta_model
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime.channel import Channel

RUNTIME = "transformers"
# Of what is kept, and of what is only converted: a converter frees a file when it has taken the last of its weights.
SHARD_SIZE, CONVERTED_SHARD_SIZE = "4GB", "100MB"
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Source:
    """An adapter and the files of the base model that it is merged into."""

    adapter: Adapter
    options: BaseModelOptions
    folder: Path
    config: PretrainedConfig

    @property
    def family(self) -> Family:
        """Whether the base reads and writes in two stacks of layers or in one."""
        return base_models.family_of(self.config, self.options.id)

    @property
    def stored(self) -> torch.dtype:
        """The dtype of the base model's files."""
        return self.config.dtype or torch.float32

    def weights(self) -> int:
        """Return how many weights the files hold. Raises AdapterError for a damaged file."""
        files = self.folder.glob("*.safetensors")
        return sum(math.prod(shape) for file in files for shape in weight_shapes(file).values())


def find_source(adapter: Adapter, channel: Channel) -> Source:
    """Return what an adapter is merged from, its base downloaded if need be. Raises AppError."""
    options = base_options(adapter)
    channel.enter("load_base")
    folder = base_models.folder_of(options, channel)
    return Source(adapter, options, folder, base_models.read_config(folder, options.id))


def refuse_unmergeable(adapter: Adapter) -> None:
    """Raise AdapterError for an adapter whose result is no plain model: by its method, or by its base."""
    if adapter.unmergeable:
        hint = "Export the adapter instead."
        if adapter.metadata.base_model.quantization == "int8":
            hint = say("{} Adapters of nf4 and fp4 bases can be merged.", hint)
        raise AdapterError(say("{} can't be merged: {}.", adapter.name, adapter.unmergeable), hint)
    for remark in library.remarks_on_weights(adapter):
        raise AdapterError(say("{} can't be merged: its weights are damaged.", adapter.name), remark)


def base_options(adapter: Adapter, precision: str = "float32") -> BaseModelOptions:
    """Return the base that the adapter was trained on, quantized if that was; in float32 to merge into it."""
    made_for = adapter.metadata.base_model
    if not made_for.id:
        raise AdapterError(say("{} doesn't name its base model.", adapter.name))
    return BaseModelOptions.model_validate(made_for.as_table() | {"precision": precision or "auto"})


def dequantize(base: LoadedBase) -> None:
    """Give a quantized base plain weights that say the same: merging into quantized ones rounds the sum away."""
    if base.options.quantization != "none":
        base.model = base.model.dequantize().float()
        # dequantize() leaves it set, and IA3 then refuses to merge.
        base.model.is_loaded_in_4bit = False


def write(
    channel: Channel, source: Source, folder: Path, dtype: torch.dtype, shard_size: str = SHARD_SIZE
) -> Prompt | None:
    """Merge into an empty folder, weights in `dtype`; return how the adapter is asked, None if it does not say.

    Raises AdapterError, Stopped.
    """
    prompt = _write(channel, source, folder, dtype, shard_size)
    # Models refer to themselves.
    gc.collect()
    return prompt


def _write(
    channel: Channel, source: Source, folder: Path, dtype: torch.dtype, shard_size: str
) -> Prompt | None:
    # The base is loaded in the dtype of its files where the sum loses nothing by it. Half precision overflows in some
    # models, and a CPU computes it slowly. What replaces weights of the base gets their dtype when it is read.
    options = source.options
    replaces = attach.replaces_weights(attach.read_config(source.adapter))
    plain = options.quantization == "none" and (dtype == source.stored or not replaces)
    if plain and source.stored == torch.bfloat16:
        options = options.model_copy(update={"precision": "bfloat16"})
    channel.enter("load_base")
    base = base_models.load(options, "cpu", channel)
    dequantize(base)
    channel.enter("attach_adapter")
    model = attach.load_adapter(base, source.adapter)
    channel.check_stop()
    sums = torch.float32 if base.precision == "float32" else dtype
    merged = as_stored(layer_merge.merge(base, model, source.adapter.name, sums))
    prompt = plain_prompt.of_adapter(source.adapter, base)
    channel.check_stop()
    channel.enter("save")
    save(merged.to(dtype), base, folder, prompt, shard_size)
    return prompt


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


def save(
    model: PreTrainedModel, base: LoadedBase, folder: Path, prompt: Prompt | None, shard_size: str
) -> None:
    """Write model and tokenizer into a folder; with a prompt also a script that summarises.

    Plain `generate` then decodes as the adapter does, and stops where it was taught to.
    """
    if prompt is not None:
        model.generation_config = prompt.decoding
    model.save_pretrained(folder, max_shard_size=shard_size)
    base.tokenizer.save_pretrained(folder)
    if enabled("tied_head"):
        correct_tied_head(folder)
    if prompt is not None:
        plain_prompt.write(prompt.settings, RUNTIME, folder)


def correct_tied_head(folder: Path) -> None:
    """Declare the head as untied in config.json if the folder holds a separate one.

    WORKAROUND: transformers 5.24 may write "tied" for every T5, and version 4 then loads the embedding as head.
    """
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    if meta_model.has_own_head(folder) and config.get("tie_word_embeddings", True):
        write_atomically(path, json.dumps(config | {"tie_word_embeddings": False}, indent=2) + "\n")
