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

from engine.worker.prefill import encoded, prefill
from engine.worker.roomy_cache import give_room

# Rows leave when they are at least this share of those there are: what the others keep is copied then. On the starter
# a quarter, or each row at once, cost a little more.
LEAVING_SHARE = 1 / 8


class Stepping:
    """How one batch is written by one beam: what transformers' `generate` takes for `custom_generate`.

    `take(row, ids)` gets what is written of each of `rows` as soon as it is whole, its end token included,
    `on_tokens(ids)` all that the running rows have after each step (rows × tokens), and `on_rows(rows)` those that
    are left, whenever some have left, and those that are read together before. What they raise ends the work.
    `group_tokens` is how many are read at a time.
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
        self._whole = [False] * len(rows)

    def write(self, model: Any, request: dict[str, Any]) -> None:
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
        ids, read = input_ids, input_ids.shape[1]
        output = prefill(model, ids, generation_config, given, self._group_tokens, self._begin)
        with model._optimize_model_for_decode():
            while True:
                given = model._update_model_kwargs_for_generation(
                    output, given, is_encoder_decoder=model.config.is_encoder_decoder
                )
                if ids.shape[1] == read:
                    give_room(given.get("cache"))
                # A copy, so that the logits of all that was read need not stay.
                scores = output.logits[:, -1].to(copy=True, dtype=torch.float32)
                del output
                chosen = logits_processor(ids, scores).argmax(dim=-1)
                chosen[torch.tensor(self._whole, device=chosen.device)] = generation_config.pad_token_id
                ids = torch.cat([ids, chosen[:, None]], dim=1)
                self._hand_on(ids[:, read:], stopping_criteria(ids, None).tolist())
                if all(self._whole):
                    return ids
                if self._can_leave(given):
                    ids, given = self._without_whole(ids, given)
                output = model(
                    **model.prepare_inputs_for_generation(ids, next_sequence_length=1, **given),
                    return_dict=True,
                )

    def _begin(self, places: list[int]) -> None:
        if self._on_rows:
            self._on_rows([self._rows[place] for place in places])

    def _hand_on(self, written: torch.Tensor, ended: list[bool]) -> None:
        if self._on_tokens:
            self._on_tokens(written)
        for place, row in enumerate(self._rows):
            if ended[place] and not self._whole[place]:
                self._whole[place] = True
                self._take(row, written[place].tolist())

    def _can_leave(self, given: dict[str, Any]) -> bool:
        """Tell whether enough rows are whole, and what the model remembers is of a kind whose rows can be chosen."""
        enough = sum(self._whole) >= max(1, len(self._rows) * LEAVING_SHARE)
        return enough and isinstance(given.get("cache"), Cache)

    def _without_whole(self, ids: torch.Tensor, given: dict[str, Any]) -> tuple[torch.Tensor, dict[str, Any]]:
        """Let the whole rows go."""
        stay = [place for place, whole in enumerate(self._whole) if not whole]
        places, count = torch.tensor(stay, device=ids.device), len(self._rows)
        # As beams are put in order; every kind of cache can do that.
        given["cache"].reorder_cache(places)
        self._rows = [self._rows[place] for place in stay]
        self._whole = [False] * len(stay)
        self._begin(list(range(len(stay))))
        return ids[places], {name: _chosen(value, places, count) for name, value in given.items()}


def _chosen(value: Any, places: torch.Tensor, count: int) -> Any:
    """Return these rows of what has `count`; what all rows share stays."""
    if isinstance(value, ModelOutput):
        return type(value)(**{name: _chosen(part, places, count) for name, part in value.items()})
    return value[places] if isinstance(value, torch.Tensor) and value.dim() and len(value) == count else value
