"""The decoding loop: one token a step for each row of a batch. Rows that have ended leave it.

What transformers prepares for its own loop (inputs, cache, masks, logits processors, stopping criteria) is used as it
comes. Knows nothing of prompts, texts and decoding settings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from transformers import Cache, GenerationConfig, LogitsProcessorList, StoppingCriteriaList

from engine.errors import BaseModelError
from engine.worker.generation import fixed_steps
from engine.worker.generation.fixed_steps import FixedSteps
from engine.worker.generation.prefill import encode, prefill
from engine.worker.generation.search import Search, Step
from engine.worker.kernels.library import CACHE, ModelOutput
from engine.worker.kernels.preallocated_cache import reorder, reserve

Inputs = dict[str, Any]
# Takes rows, length of the input, and what transformers has prepared.
MakeSearch = Callable[[int, int, GenerationConfig, LogitsProcessorList, StoppingCriteriaList], Search]


class DecodeLoop:
    """Decodes one batch, as the `custom_generate` of transformers' `generate`.

    `take(row, ids)` gets the new ids of each of `rows`, end token included, as soon as it has ended. `on_tokens(ids)`
    gets the new ids of the running rows after each step (rows × tokens, on the host; with beams those of the best
    hypothesis).
    `on_rows(rows)` gets the rows of each prefill group, and the remaining rows whenever some have left. An exception
    from any of them ends the work. The prefill takes `group_tokens` at a time.
    """

    def __init__(
        self,
        rows: list[int],
        take: Callable[[int, list[int]], None],
        on_rows: Callable[[list[int]], None] | None,
        on_tokens: Callable[[torch.Tensor], None] | None,
        group_tokens: int,
        search: MakeSearch,
    ) -> None:
        self._rows = list(rows)
        self._take = take
        self._on_rows = on_rows
        self._on_tokens = on_tokens
        self._group_tokens = group_tokens
        self._make_search = search
        self._ended: set[int] = set()

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
        rows, read = input_ids.shape
        search = self._make_search(rows, read, generation_config, logits_processor, stopping_criteria)
        output = prefill(model, input_ids, generation_config, inputs, self._group_tokens, self._begin)
        inputs = _next_inputs(model, output, inputs)
        if search.beams > 1 and not isinstance(inputs.get(CACHE), Cache):
            raise BaseModelError(
                "This base model can't follow beams: its cache can't be reordered.",
                "Set Beams to 1.",
                "evaluation.beams",
            )
        cached = _cached_tokens(inputs)
        # A prompt is read once, whatever the number of hypotheses.
        repeated = torch.arange(rows, device=input_ids.device).repeat_interleave(search.beams)
        ids, inputs = _selected(input_ids, inputs, repeated) if search.beams > 1 else (input_ids, inputs)
        steps = _steps(model, inputs, cached, input_ids.device)
        # A copy, so that the logits of the whole input can go.
        scores = output.logits[:, -1].to(copy=True, dtype=torch.float32)[repeated]
        del output
        with model._optimize_model_for_decode():
            while True:
                step = search.step(ids, scores)
                ids = step.ids
                self._report(step)
                if len(self._ended) == len(self._rows):
                    return ids
                if step.parents is not None:
                    reorder(inputs.get(CACHE), step.parents, cached)
                if self._can_leave(inputs, steps.min_leaving):
                    ids, inputs = self._without_ended(ids, inputs, search)
                    steps.forget()
                output = steps.step(ids, inputs)
                inputs = _next_inputs(model, output, inputs)
                scores = output.logits[:, -1].to(copy=True, dtype=torch.float32)
                del output

    def _begin(self, indices: list[int]) -> None:
        if self._on_rows:
            self._on_rows([self._rows[index] for index in indices])

    def _report(self, step: Step) -> None:
        if self._on_tokens:
            self._on_tokens(step.written)
        for index, ids in step.ended.items():
            self._ended.add(index)
            self._take(self._rows[index], ids)

    def _can_leave(self, inputs: Inputs, fraction: float) -> bool:
        """Tell whether so many rows have ended, and rows of the model's cache can be selected."""
        is_enough = len(self._ended) >= max(1, len(self._rows) * fraction)
        return is_enough and isinstance(inputs.get(CACHE), Cache)

    def _without_ended(
        self, ids: torch.Tensor, inputs: Inputs, search: Search
    ) -> tuple[torch.Tensor, Inputs]:
        """Drop the ended rows."""
        stay = [index for index in range(len(self._rows)) if index not in self._ended]
        first = torch.tensor(stay, device=ids.device)[:, None] * search.beams
        indices = (first + torch.arange(search.beams, device=ids.device)).flatten()
        self._rows = [self._rows[index] for index in stay]
        self._ended = set()
        search.select(stay)
        self._begin(list(range(len(stay))))
        return _selected(ids, inputs, indices)


class _PlainSteps:
    """Steps over tensors that grow."""

    # Ended rows leave when they are at least this fraction of the batch, since the others' cache is copied then. On the
    # starter a quarter, or each row at once, cost a little more.
    min_leaving = 1 / 8

    def __init__(self, model: Any) -> None:
        self._model = model

    def step(self, ids: torch.Tensor, inputs: Inputs) -> ModelOutput:
        """Return the model's output for the last of `ids` (rows × tokens)."""
        given = self._model.prepare_inputs_for_generation(ids, next_sequence_length=1, **inputs)
        output: ModelOutput = self._model(**given, return_dict=True)
        return output

    def forget(self) -> None:
        """Nothing is kept of earlier rows."""


def _steps(model: Any, inputs: Inputs, cached: int, device: torch.device) -> _PlainSteps | FixedSteps:
    """Return what computes the steps behind `cached` tokens, and make the cache ready for it."""
    if fixed_steps.apply(model, inputs, device):
        return FixedSteps(model, cached)
    reserve(inputs.get(CACHE), device.type)
    return _PlainSteps(model)


def _next_inputs(model: Any, output: ModelOutput, inputs: Inputs) -> Inputs:
    """Return the inputs of the next step."""
    updated: Inputs = model._update_model_kwargs_for_generation(
        output, inputs, is_encoder_decoder=model.config.is_encoder_decoder
    )
    return updated


def _cached_tokens(inputs: Inputs) -> int:
    cache = inputs.get(CACHE)
    return int(cache.get_seq_length()) if isinstance(cache, Cache) else 0


def _selected(ids: torch.Tensor, inputs: Inputs, indices: torch.Tensor) -> tuple[torch.Tensor, Inputs]:
    """Return these rows of ids and inputs, cache included; an index may occur several times."""
    # As for beams; every kind of cache can be reordered so.
    inputs[CACHE].reorder_cache(indices)
    return ids[indices], {name: _rows_of(value, indices, len(ids)) for name, value in inputs.items()}


def _rows_of(value: Any, indices: torch.Tensor, count: int) -> Any:
    """Return these rows of a value with `count` rows; what all rows share stays."""
    if isinstance(value, ModelOutput):
        return type(value)(**{name: _rows_of(part, indices, count) for name, part in value.items()})
    return (
        value[indices] if isinstance(value, torch.Tensor) and value.dim() and len(value) == count else value
    )
