"""The prefill: reads a batch's prompts in groups of similar length into one cache.

For a small model reading takes as long as writing, and padding is read for nothing. Knows nothing of texts, decoding
settings and what rows belong to.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch
from transformers import GenerationConfig

from engine.worker.dataset import batch_packing
from engine.worker.kernels.library import CACHE, BaseModelOutput, ModelOutput
from engine.worker.kernels.preallocated_cache import PreallocatedLayer, grows
from engine.worker.kernels.registry import enabled

OnGroup = Callable[[list[int]], None]
Inputs = dict[str, Any]


def encode(model: Any, inputs: Inputs, tokens: int, on_group: OnGroup) -> Inputs:
    """Return the inputs of an encoder-decoder's `generate` with the encoder's output, in groups of up to `tokens`.

    `inputs` are ids or embeddings, and a mask. `on_group(rows)` is called before other rows are read.
    """
    mask = inputs["attention_mask"]
    groups = _groups(mask, tokens) if enabled("grouped_prefill", mask.device.type) else []
    if len(groups) <= 1:
        return inputs
    encoder = model.get_encoder()
    names = [name for name in ("input_ids", "inputs_embeds", "attention_mask") if name in inputs]
    states = None
    for rows, columns in _read(groups, mask, on_group):
        part = _part({name: inputs[name] for name in names}, mask.shape, rows, columns)
        hidden = encoder(**part, return_dict=True).last_hidden_state
        if states is None:
            states = hidden.new_zeros(*mask.shape, hidden.shape[-1])
        states[rows[:, None], columns] = hidden
    return inputs | {"encoder_outputs": BaseModelOutput(last_hidden_state=states)}


def prefill(
    model: Any, ids: torch.Tensor, config: GenerationConfig, inputs: Inputs, tokens: int, on_group: OnGroup
) -> ModelOutput:
    """Return the output of a model's first step over a batch, read in groups of up to `tokens`.

    `ids`, `config` and `inputs` are what transformers' `generate` has prepared. The logits are those of the last
    position only.
    """
    cache: Any = inputs.get(CACHE)
    mask: Any = inputs.get("attention_mask")
    groups = _groups(mask, tokens) if _can_group(model, cache, mask) else []
    if len(groups) <= 1:
        return model._prefill(ids, config, inputs)
    empty = copy.deepcopy(cache)
    cache.layers = [PreallocatedLayer(layer) for layer in cache.layers]
    logits: list[torch.Tensor] = []
    for rows, columns in _read(groups, mask, on_group):
        part = _part({"ids": ids, **inputs}, mask.shape, rows, columns) | {CACHE: copy.deepcopy(empty)}
        output = model._prefill(part.pop("ids"), config, part)
        for layer, group_layer in zip(cache.layers, output[CACHE].layers, strict=True):
            # A layer that attends to another's keys has none.
            if group_layer.is_initialized:
                layer.insert(group_layer, rows, columns, mask.shape)
        logits.append(output.logits[:, -1:])
    order = torch.tensor([row for group in groups for row in group], device=ids.device)
    output.logits, output[CACHE] = torch.cat(logits)[order.argsort()], cache
    return output


def _can_group(model: Any, cache: Any, mask: torch.Tensor | None) -> bool:
    """Tell whether rows are padded and an empty cache can be assembled from groups."""
    if model.config.is_encoder_decoder or mask is None or mask.dim() != 2:
        return False
    if not enabled("grouped_prefill", mask.device.type):
        return False
    layers = getattr(cache, "layers", [])
    return bool(layers) and all(grows(layer) and not layer.is_initialized for layer in layers)


def _groups(mask: torch.Tensor, tokens: int) -> list[list[int]]:
    """Return the rows of each group, such that little is padded."""
    return batch_packing.pack(
        [(length, 0) for length in mask.sum(1).tolist()], tokens, is_encoder_decoder=False
    )


def _read(
    groups: list[list[int]], mask: torch.Tensor, on_group: OnGroup
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield each group's rows, and the columns in which one of them has a token; report the whole batch at the end."""
    for group in groups:
        on_group(group)
        rows = torch.tensor(group, device=mask.device)
        yield rows, mask[rows].any(dim=0).nonzero()[:, 0]
    on_group(list(range(len(mask))))


def _part(inputs: Inputs, shape: torch.Size, rows: torch.Tensor, columns: torch.Tensor) -> Inputs:
    """Return these rows and columns of the values shaped as the batch; what all rows share stays."""
    return {name: _selected(value, shape, rows, columns) for name, value in inputs.items()}


def _selected(value: Any, shape: torch.Size, rows: torch.Tensor, columns: torch.Tensor) -> Any:
    if not isinstance(value, torch.Tensor) or not value.dim() or len(value) != shape[0]:
        return value
    has_columns = value.dim() > 1 and value.shape[1] == shape[1]
    return value[rows[:, None], columns] if has_columns else value[rows]
