"""Read a batch's prompts in groups of similar length, and let the batch write on from them as if read at once.

To read takes as long as to write, for a small model, and what is padded is read for nothing. Knows nothing of texts,
of decoding settings, or of what rows belong to.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch
from transformers import GenerationConfig
from transformers.modeling_outputs import BaseModelOutput
from transformers.utils import ModelOutput

from engine.worker.dataset import batch_packing
from engine.worker.kernels.preallocated_cache import grows, reserve

OnGroup = Callable[[list[int]], None]
Inputs = dict[str, Any]


def encoded(model: Any, inputs: Inputs, tokens: int, on_group: OnGroup) -> Inputs:
    """Return what an encoder-decoder's `generate` gets, read by the encoder in groups of up to so many tokens.

    `inputs` are its ids or embeddings, and a mask. `on_group(rows)` is called before other rows are read than before.
    """
    mask = inputs["attention_mask"]
    groups = _groups(mask, tokens)
    if len(groups) == 1:
        return inputs
    encoder = model.get_encoder()
    names = [name for name in ("input_ids", "inputs_embeds", "attention_mask") if name in inputs]
    states = None
    for rows, columns in _read(groups, mask, on_group):
        part = _part({name: inputs[name] for name in names}, mask.shape, rows, columns)
        found = encoder(**part, return_dict=True).last_hidden_state
        if states is None:
            states = found.new_zeros(*mask.shape, found.shape[-1])
        states[rows[:, None], columns] = found
    return inputs | {"encoder_outputs": BaseModelOutput(last_hidden_state=states)}


def prefill(
    model: Any, ids: torch.Tensor, config: GenerationConfig, given: Inputs, tokens: int, on_group: OnGroup
) -> ModelOutput:
    """Return what a model's first step over a batch returns, read in groups of up to so many tokens.

    `ids`, `config` and `given` are what transformers' generate prepares. The logits are those of the last place alone.
    """
    cache: Any = given.get("cache")
    mask: Any = given.get("attention_mask")
    groups = _groups(mask, tokens) if _can_part(model, cache, mask) else []
    if len(groups) <= 1:
        return model._prefill(ids, config, given)
    empty = copy.deepcopy(cache)
    reserve(cache)
    logits: list[torch.Tensor] = []
    for rows, columns in _read(groups, mask, on_group):
        part = _part({"ids": ids, **given}, mask.shape, rows, columns) | {"cache": copy.deepcopy(empty)}
        output = model._prefill(part.pop("ids"), config, part)
        for layer, read in zip(cache.layers, output.cache.layers, strict=True):
            # A layer that attends to another's keys keeps none.
            if read.is_initialized:
                layer.insert(read, rows, columns, mask.shape)
        logits.append(output.logits[:, -1:])
    order = torch.tensor([row for group in groups for row in group], device=ids.device)
    output.logits, output.cache = torch.cat(logits)[order.argsort()], cache
    return output


def _can_part(model: Any, cache: Any, mask: torch.Tensor | None) -> bool:
    """Tell whether rows are padded, and what is remembered of them can be put together: an empty cache's."""
    if model.config.is_encoder_decoder or mask is None or mask.dim() != 2:
        return False
    layers = getattr(cache, "layers", [])
    return bool(layers) and all(grows(layer) and not layer.is_initialized for layer in layers)


def _groups(mask: torch.Tensor, tokens: int) -> list[list[int]]:
    """Return rows that are read together: those ways to put them together that pad least."""
    return batch_packing.cut([(length, 0) for length in mask.sum(1).tolist()], tokens, two_stacks=False)


def _read(
    groups: list[list[int]], mask: torch.Tensor, on_group: OnGroup
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield each group's rows, and the columns in which one of them has a token; then the batch is whole again."""
    for group in groups:
        on_group(group)
        rows = torch.tensor(group, device=mask.device)
        yield rows, mask[rows].any(dim=0).nonzero()[:, 0]
    on_group(list(range(len(mask))))


def _part(inputs: Inputs, shape: torch.Size, rows: torch.Tensor, columns: torch.Tensor) -> Inputs:
    """Return these rows and columns of what has the batch's; what all rows share stays."""
    return {name: _chosen(value, shape, rows, columns) for name, value in inputs.items()}


def _chosen(value: Any, shape: torch.Size, rows: torch.Tensor, columns: torch.Tensor) -> Any:
    if not isinstance(value, torch.Tensor) or not value.dim() or len(value) != shape[0]:
        return value
    has_columns = value.dim() > 1 and value.shape[1] == shape[1]
    return value[rows[:, None], columns] if has_columns else value[rows]
