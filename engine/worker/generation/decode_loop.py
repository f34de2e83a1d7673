"""One token a step for each row of a batch; rows that are whole leave it, so that no step is spent on them.

All that transformers prepares for its own loop (what was read, caches, masks, what changes scores and what ends a
row) is used as it comes. Knows nothing of prompts, texts or decoding settings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from transformers import Cache, GenerationConfig, LogitsProcessorList, StoppingCriteriaList
from transformers.utils import ModelOutput

from engine.errors import BaseModelError
from engine.worker.generation.prefill import encoded, prefill
from engine.worker.generation.search import Search
from engine.worker.kernels.preallocated_cache import reorder, reserve

# Rows leave when they are at least this share of those there are: what the others keep is copied then. On the starter
# a quarter, or each row at once, cost a little more.
LEAVING_SHARE = 1 / 8

Given = dict[str, Any]
# From rows, tokens that are read, and what transformers says of decoding.
MakeSearch = Callable[[int, int, GenerationConfig, LogitsProcessorList, StoppingCriteriaList], Search]


class Stepping:
    """How one batch is written: what transformers' `generate` takes for `custom_generate`.

    `take(row, ids)` gets what is written of each of `rows` as soon as it is whole, its end token included,
    `on_tokens(ids)` all that the running rows have after each step (rows × tokens; the likeliest, where several
    beginnings of a row are followed), and `on_rows(rows)` those that are left, whenever some have left, and those that
    are read together before. What they raise ends the work. `group_tokens` is how many are read at a time.
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
        self._whole: set[int] = set()

    def write(self, model: Any, request: Given) -> None:
        """Write all rows of what the base model's `generate` gets."""
        if model.config.is_encoder_decoder:
            request = encoded(model, request, self._group_tokens, self._begin)
        model.generate(**request, custom_generate=self)

    def __call__(
        self,
        model: Any,
        input_ids: torch.Tensor,
        logits_processor: LogitsProcessorList,
        stopping_criteria: StoppingCriteriaList,
        generation_config: GenerationConfig,
        **given: Any,
    ) -> torch.Tensor:
        """Write all rows; returns the ids of those that stayed to the end."""
        rows, read = input_ids.shape
        search = self._make_search(rows, read, generation_config, logits_processor, stopping_criteria)
        output = prefill(model, input_ids, generation_config, given, self._group_tokens, self._begin)
        given = _remembered(model, output, given)
        if search.beams > 1 and not isinstance(given.get("cache"), Cache):
            raise BaseModelError(
                "This base model can't follow beams: what it remembers of a text can't be put in another order.",
                "Set Beams to 1.",
                "evaluation.beams",
            )
        kept = _length(given)
        # A row is read once, however many of its beginnings are followed.
        each = torch.arange(rows, device=input_ids.device).repeat_interleave(search.beams)
        ids, given = _selected(input_ids, given, each) if search.beams > 1 else (input_ids, given)
        reserve(given.get("cache"))
        # A copy, so that the logits of all that was read need not stay.
        scores = output.logits[:, -1].to(copy=True, dtype=torch.float32)[each]
        del output
        with model._optimize_model_for_decode():
            while True:
                step = search.go_on(ids, scores)
                ids = step.ids
                self._hand_on(ids[:: search.beams, read:], step.whole)
                if len(self._whole) == len(self._rows):
                    return ids
                if step.parents is not None:
                    reorder(given.get("cache"), step.parents, kept)
                if self._can_leave(given):
                    ids, given = self._without_whole(ids, given, search)
                output = model(
                    **model.prepare_inputs_for_generation(ids, next_sequence_length=1, **given),
                    return_dict=True,
                )
                given = _remembered(model, output, given)
                scores = output.logits[:, -1].to(copy=True, dtype=torch.float32)
                del output

    def _begin(self, places: list[int]) -> None:
        if self._on_rows:
            self._on_rows([self._rows[place] for place in places])

    def _hand_on(self, written: torch.Tensor, whole: dict[int, list[int]]) -> None:
        if self._on_tokens:
            self._on_tokens(written)
        for place, ids in whole.items():
            self._whole.add(place)
            self._take(self._rows[place], ids)

    def _can_leave(self, given: Given) -> bool:
        """Tell whether enough rows are whole, and what the model remembers is of a kind whose rows can be chosen."""
        enough = len(self._whole) >= max(1, len(self._rows) * LEAVING_SHARE)
        return enough and isinstance(given.get("cache"), Cache)

    def _without_whole(self, ids: torch.Tensor, given: Given, search: Search) -> tuple[torch.Tensor, Given]:
        """Let the whole rows go."""
        stay = [place for place in range(len(self._rows)) if place not in self._whole]
        first = torch.tensor(stay, device=ids.device)[:, None] * search.beams
        places = (first + torch.arange(search.beams, device=ids.device)).flatten()
        self._rows = [self._rows[place] for place in stay]
        self._whole = set()
        search.keep(stay)
        self._begin(list(range(len(stay))))
        return _selected(ids, given, places)


def _remembered(model: Any, output: ModelOutput, given: Given) -> Given:
    """Return what the next step gets."""
    found: Given = model._update_model_kwargs_for_generation(
        output, given, is_encoder_decoder=model.config.is_encoder_decoder
    )
    return found


def _length(given: Given) -> int:
    """Return how many tokens the model remembers."""
    cache = given.get("cache")
    return int(cache.get_seq_length()) if isinstance(cache, Cache) else 0


def _selected(ids: torch.Tensor, given: Given, places: torch.Tensor) -> tuple[torch.Tensor, Given]:
    """Return these rows of what there is of each, cache included; one may stand there several times."""
    # As beams are put in order; every kind of cache can do that.
    given["cache"].reorder_cache(places)
    return ids[places], {name: _chosen(value, places, len(ids)) for name, value in given.items()}


def _chosen(value: Any, places: torch.Tensor, count: int) -> Any:
    """Return these rows of what has `count`; what all rows share stays."""
    if isinstance(value, ModelOutput):
        return type(value)(**{name: _chosen(part, places, count) for name, part in value.items()})
    return value[places] if isinstance(value, torch.Tensor) and value.dim() and len(value) == count else value
