"""Counts tokens with the base model's tokenizer, as transformers loads it for a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from engine.config.recipe import BaseModelOptions
from engine.worker.dataset.dataset import Splits
from engine.worker.ingestion import token_lengths
from engine.worker.ingestion.token_lengths import TokenCounter, counting
from engine.worker.modeling import base_models
from engine.worker.runtime.channel import Channel

# Texts that are tokenized at once.
BATCH_SIZE = 500


def fetch_counter(options: BaseModelOptions, channel: Channel) -> TokenCounter:
    """Return the counter of a base model; the tokenizer of a Hub model is downloaded first."""
    tokenizer, folder = base_models.fetch_tokenizer(options, channel)
    return counter_of(tokenizer, folder, options.id)


def counter_of(tokenizer: PreTrainedTokenizerBase, folder: Path, name: str) -> TokenCounter:
    """Return the counter of a tokenizer; `folder` holds the model `name`."""
    special = tokenizer.all_special_tokens
    return token_lengths.counter_of(tokenizer.backend_tokenizer, special, folder, name)


class TokenLengths:
    """The tokens of each conversation and each summary before truncation, by split; counted when first asked for."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        splits: Splits,
        check_stop: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; `check_stop` is called between batches, and may raise Stopped."""
        self._count = counting(tokenizer.backend_tokenizer, tokenizer.all_special_tokens)
        self._splits = splits
        self._check_stop = check_stop
        self._counted: dict[tuple[str, str], tuple[int, ...]] = {}

    def conversations(self, split: str) -> tuple[int, ...]:
        """Return the tokens of each conversation of a split."""
        return self._tokens(split, "conversation")

    def summaries(self, split: str) -> tuple[int, ...]:
        """Return the tokens of each summary of a split."""
        return self._tokens(split, "summary")

    def _tokens(self, split: str, part: str) -> tuple[int, ...]:
        if (split, part) not in self._counted:
            texts = [getattr(example, part) for example in self._splits.of(split)]
            tokens: list[int] = []
            for start in range(0, len(texts), BATCH_SIZE):
                self._check_stop()
                tokens += self._count(texts[start : start + BATCH_SIZE])
            self._counted[split, part] = tuple(tokens)
        return self._counted[split, part]
