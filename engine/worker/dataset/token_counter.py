"""Counts tokens with the base model's tokenizer, as transformers loads it for a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from engine.config import model_info
from engine.config.recipe import BaseModelOptions
from engine.messages import say
from engine.worker.dataset.dataset import Splits
from engine.worker.ingestion.token_lengths import SpecialTokens, TokenCounter, summary_special_tokens
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
    special = SpecialTokens(tokenizer.all_special_tokens)

    def ends(text: str) -> list[int]:
        escaped = special.escaped(text)
        encoding = tokenizer(escaped, add_special_tokens=False, return_offsets_mapping=True)
        return special.positions(text, [end for _, end in encoding["offset_mapping"]])

    special_tokens = summary_special_tokens(
        model_info.read(folder, "none").family, tokenizer.num_special_tokens_to_add(pair=False)
    )
    return TokenCounter(
        counting(tokenizer),
        ends,
        special_tokens,
        exact=True,
        description=say("Tokens are counted with the tokenizer of {}.", name),
    )


def counting(tokenizer: PreTrainedTokenizerBase) -> Callable[[Sequence[str]], list[int]]:
    """Return the function that counts the tokens of each text, without special tokens."""
    special = SpecialTokens(tokenizer.all_special_tokens)

    def count(texts: Sequence[str]) -> list[int]:
        escaped = list(map(special.escaped, texts))
        return [len(ids) for ids in tokenizer(escaped, add_special_tokens=False)["input_ids"]]

    return count


class TokenLengths:
    """The tokens of each conversation and each summary before truncation, by split; counted when first asked for."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        splits: Splits,
        check_stop: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; `check_stop` is called between batches, and may raise Stopped."""
        self._count = counting(tokenizer)
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
