"""Decoding by transformers' own `generate` on whole padded batches: beams, sampling, and greedy without our loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from transformers import PreTrainedModel, StoppingCriteria, StoppingCriteriaList

from engine.config.decoding import DecodingOptions
from engine.errors import BaseModelError
from engine.worker.kernels.library import CACHE


def generate_stock(
    model: PreTrainedModel,
    request: dict[str, Any],
    options: DecodingOptions,
    read: int,
    on_tokens: Callable[[torch.Tensor], None] | None,
) -> list[list[int]]:
    """Return the new token ids of each row, padded behind its end token.

    `request` is what `generate` gets, and `read` how many ids stand before the new ones in what it returns.
    `on_tokens(ids)` gets all new ids after each step (rows × tokens, on the host), with beams those of
    each row's best. Raises BaseModelError for beams where rows of the model's state can't be reordered.
    """
    search: dict[str, Any] = {}
    if options.beams > 1:
        if not model._supports_default_dynamic_cache():
            raise BaseModelError(
                "This base model can't follow beams: its cache can't be reordered.",
                "Set Beams to 1.",
                "evaluation.beams",
            )
        search = {
            "num_beams": options.beams,
            "early_stopping": True,
            "length_penalty": options.length_penalty,
        }
        if CACHE in request:
            # `generate` repeats every other input itself.
            request[CACHE].batch_repeat_interleave(options.beams)
    if on_tokens:
        search["stopping_criteria"] = StoppingCriteriaList(
            [_Report(on_tokens, read, len(request["attention_mask"]))]
        )
    ids: list[list[int]] = model.generate(**request, **search)[:, read:].tolist()
    return ids


class _Report(StoppingCriteria):
    """Stops nothing: reports the new ids after each step. What the listener raises ends the work."""

    def __init__(self, on_tokens: Callable[[torch.Tensor], None], read: int, rows: int) -> None:
        self._on_tokens = on_tokens
        self._read = read
        self._rows = rows

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        # Beams call it with every row's candidates, the best first.
        self._on_tokens(input_ids[:: len(input_ids) // self._rows, self._read :].cpu())
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)
