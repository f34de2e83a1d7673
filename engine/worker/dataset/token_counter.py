"""Counts tokens with the base model's tokenizer, as transformers loads it for a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from engine.config import model_info
from engine.config.recipe import BaseModelOptions
from engine.worker.ingestion.special_tokens import SpecialTokens
from engine.worker.ingestion.token_lengths import TokenCounter, summary_special_tokens
from engine.worker.modeling import base_models
from engine.worker.runtime.channel import Channel


def fetch_counter(options: BaseModelOptions, channel: Channel) -> TokenCounter:
    """Return the counter of a base model; the tokenizer of a Hub model is downloaded first."""
    tokenizer, folder = base_models.fetch_tokenizer(options, channel)
    return counter_of(tokenizer, folder, options.id)


def counter_of(tokenizer: PreTrainedTokenizerBase, folder: Path, name: str) -> TokenCounter:
    """Return the counter of a tokenizer; `folder` holds the model `name`."""
    special = SpecialTokens(tokenizer.all_special_tokens)

    def count(texts: Sequence[str]) -> list[int]:
        escaped = list(map(special.escaped, texts))
        return [len(ids) for ids in tokenizer(escaped, add_special_tokens=False)["input_ids"]]

    def ends(text: str) -> list[int]:
        escaped = special.escaped(text)
        encoding = tokenizer(escaped, add_special_tokens=False, return_offsets_mapping=True)
        return special.positions(text, [end for _, end in encoding["offset_mapping"]])

    special_tokens = summary_special_tokens(
        model_info.read(folder, "none").family, tokenizer.num_special_tokens_to_add(pair=False)
    )
    return TokenCounter(
        count, ends, special_tokens, exact=True, description=f"Counted with the tokenizer of {name}."
    )
