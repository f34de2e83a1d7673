"""How the next token is chosen from a model's scores, row by row: no row's choice depends on another's.

What was read is not looked at: pads before a shorter prompt, and the names and numbers that a summary should
repeat, are no repetition. Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    MinNewTokensLengthLogitsProcessor,
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)

from engine.config.decoding import DecodingOptions


def choosing(
    options: DecodingOptions, ends: Sequence[int], *, read: int, device: torch.device
) -> LogitsProcessorList:
    """Return what `generate` lets change scores, for prompts before whose texts `read` ids stand.

    `ends` are the tokens that end a text. After it the likeliest token is the chosen one, drawn or not.
    """
    written: list[LogitsProcessor] = []
    if options.repetition_penalty != 1.0:
        written.append(RepetitionPenaltyLogitsProcessor(options.repetition_penalty))
    if options.no_repeat_ngram:
        written.append(NoRepeatNGramLogitsProcessor(options.no_repeat_ngram))
    if options.min_new_tokens:
        written.append(
            MinNewTokensLengthLogitsProcessor(0, options.min_new_tokens, list(ends), device=str(device))
        )
    found: list[LogitsProcessor] = [_OfWritten(processor, read) for processor in written]
    if options.temperature > 0.0:
        found += [TemperatureLogitsWarper(options.temperature), TopPLogitsWarper(options.top_p)]
        found.append(_Drawn(options.seed))
    return LogitsProcessorList(found)


class _OfWritten(LogitsProcessor):
    """A processor that sees what was written, and not what was read before."""

    supports_continuous_batching = False

    def __init__(self, processor: LogitsProcessor, read: int) -> None:
        self._processor = processor
        self._read = read

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        written = input_ids[:, self._read :]
        return self._processor(written, scores) if written.shape[1] else self._at_first(written, scores)

    def _at_first(self, written: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Nothing is repeated yet; only the shortest length has something to say."""
        only_length = isinstance(self._processor, MinNewTokensLengthLogitsProcessor)
        return self._processor(written, scores) if only_length else scores


class _Drawn(LogitsProcessor):
    """Draw a token for each row, and leave that token alone likely.

    One random number a step, on the processor, for all rows: the same seed draws the same on every device and in
    every batch, whichever rows are in it.
    """

    supports_continuous_batching = False

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        reached = torch.softmax(scores.float(), dim=-1).double().cumsum(dim=-1)
        places = torch.rand(1, generator=self._generator).to(reached) * reached[:, -1:]
        chosen = torch.searchsorted(reached, places, right=True).clamp(max=scores.shape[1] - 1)
        return torch.full_like(scores, -torch.inf).scatter(1, chosen, 0.0)
