"""Logits processors of the decoding options, sampling included. No row's choice depends on another's.

They see new tokens only: padding before a prompt, and names and numbers that a summary should repeat, are no
repetition. Knows nothing of models.
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


def logits_processors(
    options: DecodingOptions, end_tokens: Sequence[int], *, read: int, device: torch.device
) -> LogitsProcessorList:
    """Return the processors for a batch in which `read` ids stand before the new ones.

    `end_tokens` are the end tokens. Afterwards the likeliest token is the next one, sampled or not.
    """
    repetition: list[LogitsProcessor] = []
    if options.repetition_penalty != 1.0:
        repetition.append(RepetitionPenaltyLogitsProcessor(options.repetition_penalty))
    if options.no_repeat_ngram:
        repetition.append(NoRepeatNGramLogitsProcessor(options.no_repeat_ngram))
    if options.min_new_tokens:
        repetition.append(
            MinNewTokensLengthLogitsProcessor(0, options.min_new_tokens, list(end_tokens), device=str(device))
        )
    processors: list[LogitsProcessor] = [_NewTokensOnly(processor, read) for processor in repetition]
    if options.temperature > 0.0:
        processors += [TemperatureLogitsWarper(options.temperature), TopPLogitsWarper(options.top_p)]
        processors.append(_Sampling(options.seed, options.max_new_tokens, read, device))
    return LogitsProcessorList(processors)


class _NewTokensOnly(LogitsProcessor):
    """A processor that sees the new tokens, without the prompt."""

    supports_continuous_batching = False

    def __init__(self, processor: LogitsProcessor, read: int) -> None:
        self._processor = processor
        self._read = read

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        new_ids = input_ids[:, self._read :]
        # Before the first token nothing is repeated, and only the minimum length counts.
        applies = new_ids.shape[1] or isinstance(self._processor, MinNewTokensLengthLogitsProcessor)
        return self._processor(new_ids, scores) if applies else scores


class _Sampling(LogitsProcessor):
    """Samples a token for each row and makes all others impossible.

    One random number a step, drawn on the CPU, serves all rows: the same seed samples the same on every device
    and in every batch. All are drawn ahead, so that a GPU gets them in one copy.
    """

    supports_continuous_batching = False

    def __init__(self, seed: int, steps: int, read: int, device: torch.device) -> None:
        self._numbers = torch.rand(steps, generator=torch.Generator().manual_seed(seed)).to(device)
        self._read = read

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        probabilities = torch.softmax(scores.float(), dim=-1)
        # GPUs compute float64 slowly or not at all, and sum float32 in a tree, which rounds little.
        cumulative = (probabilities.double() if scores.device.type == "cpu" else probabilities).cumsum(dim=-1)
        number = self._numbers[input_ids.shape[1] - self._read]
        thresholds = number.to(cumulative.dtype) * cumulative[:, -1:]
        chosen = torch.searchsorted(cumulative, thresholds, right=True).clamp(max=scores.shape[1] - 1)
        return torch.full_like(scores, -torch.inf).scatter(1, chosen, 0.0)
