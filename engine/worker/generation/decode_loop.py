"""The greedy decoding loop: the likeliest token a step for each row of a batch. Rows that have ended leave it.

Before that, a batch's prompts are read in groups of similar length into one cache: for a small model reading takes as
long as writing, and padding is read for nothing. What transformers prepares for its own loop (inputs, cache, masks,
logits processors, stopping criteria) is used as it comes. Knows nothing of texts and decoding settings.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch
from transformers import Cache, GenerationConfig, LogitsProcessorList, StoppingCriteriaList

from engine.worker.dataset import batch_packing
from engine.worker.kernels.compat import CACHE, BaseModelOutput, ModelOutput
from engine.worker.kernels.preallocated_cache import PreallocatedLayer, grows, reserve
from engine.worker.kernels.registry import enabled

# Ended rows leave when they are at least this fraction of the batch, since the others' cache is copied then. On the
# starter a quarter, or each row at once, cost a little more.
MIN_LEAVING = 1 / 8

OnRows = Callable[[list[int]], None]
Inputs = dict[str, Any]


class DecodeLoop:
    """Decodes one batch, as the `custom_generate` of transformers' `generate`.

    `take(row, ids)` gets the new ids of each of `rows`, end token included, as soon as it has ended. `on_tokens(ids)`
    gets the new ids of the running rows after each step (rows × tokens, on the host). `on_rows(rows)` gets the rows of
    each prefill group, and the remaining rows whenever some have left. An exception from any of them ends the work. The
    prefill takes `group_tokens` at a time.
    """

    def __init__(
        self,
        rows: list[int],
        take: Callable[[int, list[int]], None],
        on_rows: OnRows | None,
        on_tokens: Callable[[torch.Tensor], None] | None,
        group_tokens: int,
    ) -> None:
        self._rows = list(rows)
        self._take = take
        self._on_rows = on_rows
        self._on_tokens = on_tokens
        self._group_tokens = group_tokens

    def encoded(self, model: Any, inputs: Inputs) -> Inputs:
        """Return the inputs of an encoder-decoder's `generate` with the encoder's output, computed in groups.

        `inputs` are ids or embeddings, and a mask.
        """
        mask = inputs["attention_mask"]
        groups = _groups(mask, self._group_tokens) if enabled("grouped_prefill", mask.device.type) else []
        if len(groups) <= 1:
            return inputs
        encoder = model.get_encoder()
        names = [name for name in ("input_ids", "inputs_embeds", "attention_mask") if name in inputs]
        states = None
        for rows, columns in _read(groups, mask, self._begin):
            part = _part({name: inputs[name] for name in names}, mask.shape, rows, columns)
            hidden = encoder(**part, return_dict=True).last_hidden_state
            if states is None:
                states = hidden.new_zeros(*mask.shape, hidden.shape[-1])
            states[rows[:, None], columns] = hidden
        return inputs | {"encoder_outputs": BaseModelOutput(last_hidden_state=states)}

    def __call__(
        self,
        model: Any,
        input_ids: torch.Tensor,
        logits_processor: LogitsProcessorList,
        stopping_criteria: StoppingCriteriaList,
        generation_config: GenerationConfig,
        **inputs: Any,
    ) -> torch.Tensor:
        """Decode all rows; return the ids of those that stayed to the end."""
        ids = input_ids
        has_ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
        ended: set[int] = set()
        written = torch.empty(len(ids), 0, dtype=torch.long)
        output = _prefill(model, ids, generation_config, inputs, self._group_tokens, self._begin)
        inputs = _next_inputs(model, output, inputs)
        reserve(inputs.get(CACHE), ids.device.type)
        with model._optimize_model_for_decode():
            while True:
                # A copy, so that the logits of the whole input can go.
                scores = output.logits[:, -1].to(copy=True, dtype=torch.float32)
                del output
                tokens = logits_processor(ids, scores).argmax(dim=-1)
                tokens = tokens.masked_fill_(has_ended, generation_config.pad_token_id)
                ids = torch.cat([ids, tokens[:, None]], dim=1)
                ends = stopping_criteria(ids, None) & ~has_ended
                has_ended = has_ended | ends
                # The host waits for a GPU once.
                new, newly_ended = torch.stack([tokens, ends.long()]).cpu()
                written = torch.cat([written, new[:, None]], dim=1)
                if self._on_tokens:
                    self._on_tokens(written)
                for row in newly_ended.nonzero()[:, 0].tolist():
                    ended.add(row)
                    self._take(self._rows[row], written[row].tolist())
                if len(ended) == len(self._rows):
                    return ids
                if len(ended) >= max(1, len(self._rows) * MIN_LEAVING) and isinstance(
                    inputs.get(CACHE), Cache
                ):
                    stay = [row for row in range(len(self._rows)) if row not in ended]
                    self._rows, ended = [self._rows[row] for row in stay], set()
                    self._begin(list(range(len(stay))))
                    rows = torch.tensor(stay, device=ids.device)
                    # As for beams; every kind of cache can be reordered so.
                    inputs[CACHE].reorder_cache(rows)
                    inputs = {name: _rows_of(value, rows, len(ids)) for name, value in inputs.items()}
                    ids = ids[rows]
                    has_ended, written = has_ended.new_zeros(len(stay)), written[stay]
                given = model.prepare_inputs_for_generation(ids, next_sequence_length=1, **inputs)
                output = model(**given, return_dict=True)
                inputs = _next_inputs(model, output, inputs)

    def _begin(self, indices: list[int]) -> None:
        if self._on_rows:
            self._on_rows([self._rows[index] for index in indices])


def _next_inputs(model: Any, output: ModelOutput, inputs: Inputs) -> Inputs:
    """Return the inputs of the next step."""
    updated: Inputs = model._update_model_kwargs_for_generation(
        output, inputs, is_encoder_decoder=model.config.is_encoder_decoder
    )
    return updated


def _rows_of(value: Any, rows: torch.Tensor, count: int) -> Any:
    """Return these rows of a value with `count` rows; what all rows share stays."""
    if isinstance(value, ModelOutput):
        return type(value)(**{name: _rows_of(part, rows, count) for name, part in value.items()})
    return value[rows] if isinstance(value, torch.Tensor) and value.dim() and len(value) == count else value


def _prefill(
    model: Any, ids: torch.Tensor, config: GenerationConfig, inputs: Inputs, tokens: int, on_group: OnRows
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
    groups: list[list[int]], mask: torch.Tensor, on_group: OnRows
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield each group's rows, and the columns in which one of them has a token; report the whole batch at the end."""
    for group in groups:
        on_group(group)
        rows = torch.tensor(group, device=mask.device)
        yield rows, mask[rows].any(dim=0).nonzero()[:, 0]
    on_group(list(range(len(mask))))


def _part(inputs: Inputs, shape: torch.Size, rows: torch.Tensor, columns: torch.Tensor) -> Inputs:
    """Return these rows and columns of the values shaped as the batch; what all rows share stays."""
    part = {}
    for name, value in inputs.items():
        if not isinstance(value, torch.Tensor) or not value.dim() or len(value) != shape[0]:
            part[name] = value
        elif value.dim() > 1 and value.shape[1] == shape[1]:
            part[name] = value[rows[:, None], columns]
        else:
            part[name] = value[rows]
    return part
