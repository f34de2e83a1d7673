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
from typing import Any

from pydantic import BaseModel
from transformers import PreTrainedTokenizerBase

from engine.config import general_text
from engine.config.recipe import Recipe, public_file
from engine.scoring.metrics import GENERAL_LOSS
from engine.system import cache
from engine.worker.dataset.collator import Collator
from engine.worker.dataset.prompter import IGNORED, Encoded
from engine.worker.evaluation.losses import GENERAL_TEXT, Batches, losses_of
from engine.worker.evaluation.protocol import cache_file
from engine.worker.ingestion.token_lengths import SpecialTokens
from engine.worker.modeling.base_models import LoadedBase, Model, positions
from engine.worker.runtime.channel import Channel

# Of a longer text the first tokens are read.
MAX_TOKENS = 16_384
# Longer passages are split, so that batches stay small. A quarter of the context window leaves room for virtual tokens.
MAX_PASSAGE_TOKENS, MIN_PASSAGE_TOKENS = 256, 8
WINDOW_PARTS = 4
# Few enough for logits of a large vocabulary.
BATCH_TOKENS = 1024


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
    # The ids say which tokenizer read the text.
    ids = json.dumps([[each.input_ids, each.labels] for each in text.passages])
    file = cache_file("general-loss", base, {"ids": hashlib.sha256(ids.encode()).hexdigest()})
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
    [groups] = collator.groups([(len(each.input_ids), len(each.labels)) for each in text.passages])
    batches = Batches(text.passages, collator, len(text.passages))
    found = losses_of(model, batches, GENERAL_TEXT, base.family, channel.check_stop)
    losses = [0.0] * len(text.passages)
    for group, of_group in zip(groups, found, strict=True):
        for index, loss in zip(group, of_group, strict=True):
            losses[index] = loss
    if not all(map(math.isfinite, losses)):
        channel.notice("The loss on general text is not finite.", "Try another precision.", "warning")
        return None
    return GeneralLoss(text, tuple(losses))


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
