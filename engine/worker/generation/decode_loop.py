"""The greedy decoding loop: the likeliest token a step for each row of a batch. Rows that have ended leave it.

What transformers prepares for its own loop (inputs, cache, masks, logits processors, stopping criteria) is used as it
comes. Knows nothing of prompts, texts and decoding settings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from transformers import Cache, GenerationConfig, LogitsProcessorList, StoppingCriteriaList

from engine.worker.generation.prefill import encode, prefill
from engine.worker.kernels.library import CACHE, ModelOutput
from engine.worker.kernels.preallocated_cache import reserve

# Ended rows leave when they are at least this fraction of the batch, since the others' cache is copied then. On the
# starter a quarter, or each row at once, cost a little more.
MIN_LEAVING = 1 / 8

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
        on_rows: Callable[[list[int]], None] | None,
        on_tokens: Callable[[torch.Tensor], None] | None,
        group_tokens: int,
    ) -> None:
        self._rows = list(rows)
        self._take = take
        self._on_rows = on_rows
        self._on_tokens = on_tokens
        self._group_tokens = group_tokens

    def run(self, model: Any, request: Inputs) -> None:
        """Decode all rows of a request to the base model's `generate`."""
        if model.config.is_encoder_decoder:
            request = encode(model, request, self._group_tokens, self._begin)
        model.generate(**request, custom_generate=self)

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
        output = prefill(model, ids, generation_config, inputs, self._group_tokens, self._begin)
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
                    ids, inputs = _selected(ids, inputs, torch.tensor(stay, device=ids.device))
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


def _selected(ids: torch.Tensor, inputs: Inputs, rows: torch.Tensor) -> tuple[torch.Tensor, Inputs]:
    """Return these rows of ids and inputs, cache included."""
    # As for beams; every kind of cache can be reordered so.
    inputs[CACHE].reorder_cache(rows)
    return ids[rows], {name: _rows_of(value, rows, len(ids)) for name, value in inputs.items()}


def _rows_of(value: Any, rows: torch.Tensor, count: int) -> Any:
    """Return these rows of a value with `count` rows; what all rows share stays."""
    if isinstance(value, ModelOutput):
        return type(value)(**{name: _rows_of(part, rows, count) for name, part in value.items()})
    return value[rows] if isinstance(value, torch.Tensor) and value.dim() and len(value) == count else value
