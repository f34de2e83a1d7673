"""Decoding by transformers' own `generate` on whole padded batches, where the entry `decode_loop` is off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from transformers import PreTrainedModel, StoppingCriteria, StoppingCriteriaList

from engine.config.decoding import DecodingOptions
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
    each row's best.
    """
    search: dict[str, Any] = {}
    if options.beams > 1:
        search = {
            "num_beams": options.beams,
            "early_stopping": True,
            "length_penalty": options.length_penalty,
        }
        if CACHE in request:
            # `generate` repeats every other input itself.
            request[CACHE].batch_repeat_interleave(options.beams)
    if on_tokens:
        search["stopping_criteria"] = StoppingCriteriaList([_Report(on_tokens, read, options.beams)])
    ids: list[list[int]] = model.generate(**request, **search)[:, read:].tolist()
    return ids


class _Report(StoppingCriteria):
    """Stops nothing: reports the new ids after each step. What the listener raises ends the work."""

    def __init__(self, on_tokens: Callable[[torch.Tensor], None], read: int, beams: int) -> None:
        self._on_tokens = on_tokens
        self._read = read
        self._beams = beams

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        self._on_tokens(input_ids[:: self._beams, self._read :].cpu())
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)
