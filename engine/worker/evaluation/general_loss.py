"""Measures the loss on general text: what training cost the model elsewhere.

Decoder-only models predict each token of a passage from those before it; encoder-decoder models read its first half and
predict the second. Knows nothing of conversations and summaries.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from engine.config import general_text
from engine.config.recipe import Recipe, public_file
from engine.methods import Family
from engine.scoring.metrics import GENERAL_LOSS
from engine.system import cache
from engine.worker.dataset.collator import Collator, MicroBatch
from engine.worker.dataset.prompter import IGNORED, Encoded
from engine.worker.evaluation import score_cache
from engine.worker.evaluation.losses import Batches, Losses, losses_of
from engine.worker.ingestion.special_tokens import SpecialTokens
from engine.worker.modeling import forward
from engine.worker.modeling.base_models import LoadedBase, Model, positions
from engine.worker.runtime.channel import Channel

# Of a longer text the first tokens are read.
MAX_TOKENS = 16_384
# Longer passages are split, so that batches stay small. A quarter of the context window leaves room for virtual tokens.
MAX_PASSAGE_TOKENS, MIN_PASSAGE_TOKENS = 256, 8
WINDOW_PARTS = 4
# Few enough for logits of a large vocabulary.
BATCH_TOKENS = 1024
# The name of these losses for other ranks.
KIND = "general text"


@dataclass(frozen=True)
class GeneralText:
    """The encoded passages of a general text; `name` and `digest` say in a protocol which text it is."""

    name: str
    digest: str
    passages: tuple[Encoded, ...]

    def facts(self) -> dict[str, Any]:
        """Return what a protocol says of the text."""
        said = {"text": self.name, "digest": self.digest, "passages": len(self.passages)}
        return {general_text.KEY: said}


@dataclass(frozen=True)
class GeneralLoss:
    """The mean loss per token of each passage, in nats."""

    text: GeneralText
    losses: tuple[float, ...]

    def as_metric(self) -> dict[str, list[float]]:
        """Return the values under the metric's name."""
        return {GENERAL_LOSS: list(self.losses)}


class _Losses(BaseModel):
    losses: tuple[float, ...]


def measure_base(channel: Channel, base: LoadedBase, recipe: Recipe) -> GeneralLoss | None:
    """Return the base model's loss on the recipe's text, from the cache if it is there.

    None where there is nothing to measure: the recipe trains nothing, or wants no text. Raises Stopped.
    """
    if not recipe.method.method.trains or recipe.evaluation.general_text == general_text.NONE:
        return None
    text = encode(recipe.evaluation.general_text, base)
    if not text.passages:
        return None
    file = _cache_file(base, text)
    cached = cache.load(file, _Losses)
    if cached is not None and len(cached.losses) == len(text.passages):
        return GeneralLoss(text, cached.losses)
    measured = measure(channel, base, base.model, recipe, text)
    if measured is not None:
        cache.save(file, _Losses(losses=measured.losses))
    return measured


def measure(
    channel: Channel, base: LoadedBase, model: Model, recipe: Recipe, text: GeneralText
) -> GeneralLoss | None:
    """Return the loss of `model` with its active adapter; None, with a notice, if it is not finite. Raises Stopped."""
    limit = min(BATCH_TOKENS, recipe.training.micro_batch_tokens or BATCH_TOKENS)
    collator = Collator(base.family, base.tokenizer.pad_token_id, limit)
    losses = _losses(channel, base, model, text.passages, collator)
    if not all(map(math.isfinite, losses)):
        channel.notice(
            "The loss on general text is not a finite number, so it is left out.",
            "The model computes beyond the range of its number format. Another precision may help.",
            "warning",
        )
        return None
    return GeneralLoss(text, tuple(losses))


def _losses(
    channel: Channel, base: LoadedBase, model: Model, passages: Sequence[Encoded], collator: Collator
) -> list[float]:
    losses = [0.0] * len(passages)
    [groups] = collator.groups([(len(each.input_ids), len(each.labels)) for each in passages])
    was_training = model.training
    model.eval()
    batches = Batches(passages, collator, len(passages))
    found = losses_of(model, batches, KIND, row_losses(base.family), channel.check_stop)
    for group, of_group in zip(groups, found, strict=True):
        for index, loss in zip(group, of_group, strict=True):
            losses[index] = loss
    model.train(was_training)
    return losses


def row_losses(family: Family) -> Losses:
    """Return what computes the losses of a batch's rows."""
    return partial(_row_losses, family)


def _row_losses(family: Family, model: Model, batch: MicroBatch) -> list[float]:
    """Return the mean loss per label token of each row of a batch."""
    logits = forward.logits_at(
        model, family, batch.input_ids, batch.attention_mask, batch.labels, batch.positions
    )
    each = functional.cross_entropy(logits.float(), batch.targets, reduction="none")
    rows = batch.positions[0]
    sums = each.new_zeros(len(batch.input_ids)).index_add_(0, rows, each)
    # Counted like this, a card is not waited for: torch.bincount looks for the largest row.
    counts = torch.zeros_like(sums).index_add_(0, rows, torch.ones_like(each))
    means: list[float] = (sums / counts).tolist()
    return means


def encode(choice: str, base: LoadedBase) -> GeneralText:
    """Return a recipe's text as a base model reads it. Raises RecipeError for a file that can't be read."""
    texts = general_text.read(choice)
    digest = hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:12]
    name = public_file(choice) if general_text.is_file(choice) else choice
    return GeneralText(name, digest, tuple(_encoded(texts, base)))


def _encoded(texts: Sequence[str], base: LoadedBase) -> Iterator[Encoded]:
    escape = SpecialTokens(list(base.tokenizer.all_special_tokens)).escaped
    window = positions(base.model.config)
    limit = MAX_PASSAGE_TOKENS if window is None else min(MAX_PASSAGE_TOKENS, window // WINDOW_PARTS)
    encode_part = _halves if base.family == "encoder-decoder" else _continuation
    tokens = 0
    for text in texts:
        for part in _parts(escape(text), base.tokenizer, max(MIN_PASSAGE_TOKENS, limit)):
            found = encode_part(part, base.tokenizer)
            tokens += len(found.input_ids)
            if tokens > MAX_TOKENS:
                return
            if found.label_tokens:
                yield found


def _parts(text: str, tokenizer: PreTrainedTokenizerBase, limit: int) -> Iterator[str]:
    """Yield a text in parts of at most so many tokens."""
    spans = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    for start in range(0, len(spans), limit):
        part = spans[start : start + limit]
        yield text[part[0][0] : part[-1][1]]


def _continuation(text: str, tokenizer: PreTrainedTokenizerBase) -> Encoded:
    """Return a text that is predicted from its first token on, the start token if the tokenizer has one."""
    ids: list[int] = tokenizer(text)["input_ids"]
    if ids and ids[-1] == tokenizer.eos_token_id:
        ids = ids[:-1]
    return Encoded(ids, [IGNORED, *ids[1:]])


def _halves(text: str, tokenizer: PreTrainedTokenizerBase) -> Encoded:
    """Return a text whose first half is read and whose second half is predicted."""
    spans = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    middle = spans[len(spans) // 2][0] if len(spans) > 1 else len(text)
    read, predicted = text[:middle].rstrip(), text[middle:].lstrip()
    if not read or not predicted:
        return Encoded([], [])
    return Encoded(tokenizer(read)["input_ids"], tokenizer(text_target=predicted)["input_ids"])


def _cache_file(base: LoadedBase, text: GeneralText) -> Path:
    # The ids say which tokenizer read the text.
    ids = json.dumps([[each.input_ids, each.labels] for each in text.passages])
    return score_cache.path("general-loss", base, {"ids": hashlib.sha256(ids.encode()).hexdigest()})
