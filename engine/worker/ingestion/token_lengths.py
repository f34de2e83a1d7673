"""Token lengths of texts, their summary statistics and histogram. Imports no torch.

Counts with the tokenizer file of a model folder alone, so that a data check needs no model.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from engine.config import model_info
from engine.config.recipe import STARTER, local_folder, looks_like_path
from engine.messages import joined, say
from engine.methods import Family
from engine.worker.runtime import tokenizer_check

CHARACTERS_PER_TOKEN = 4
# Of many texts one in so many is counted, and each whose estimate is between these shares of a limit.
SAMPLED_EVERY, NEAR_LIMIT = 100, (0.9, 1.2)
BINS_TO_P95 = 40
MAX_BINS = 400


@dataclass(frozen=True)
class TokenCounter:
    """Counts tokens; `exact` is false for an estimate, and `description` describes it to the user.

    `samples` asks for `estimate` where there are many texts.

    `count` returns the number of tokens of each text, without special tokens; `ends` returns the position at which
    each token of a text ends. A run puts `summary_special_tokens` tokens around a summary, within its limit.
    """

    count: Callable[[Sequence[str]], list[int]]
    ends: Callable[[str], list[int]]
    summary_special_tokens: int
    exact: bool
    description: str
    samples: bool = False

    def sampling(self) -> TokenCounter:
        """Return this counter for so many texts that counting each takes too long; an estimate stays as it is."""
        if not self.exact:
            return self
        how = say(
            "Only 1 text in {} and those near a limit are counted; the rest are estimated.", SAMPLED_EVERY
        )
        return replace(self, exact=False, samples=True, description=joined(" ", (self.description, how)))

    def estimate(self, texts: Sequence[str], limit: int) -> list[int]:
        """Return about how many tokens each text has: counted for a sample and near the limit, else by its bytes."""
        sizes = [len(text) if text.isascii() else len(text.encode("utf-8", "replace")) for text in texts]
        sample = self.count(texts[::SAMPLED_EVERY])
        per_byte = sum(sample) / max(1, sum(sizes[::SAMPLED_EVERY]))
        tokens = [round(size * per_byte) for size in sizes]
        tokens[::SAMPLED_EVERY] = sample
        least, most = (share * limit for share in NEAR_LIMIT)
        near = [at for at, number in enumerate(tokens) if at % SAMPLED_EVERY and least < number < most]
        for at, number in zip(near, self.count([texts[at] for at in near]), strict=True):
            tokens[at] = number
        return tokens


def counter_for(base_model: str | None) -> TokenCounter:
    """Return the token counter of a base model (its id), from what is on this computer; None estimates."""
    if not base_model:
        return token_counter(None, "")
    if base_model == STARTER or looks_like_path(base_model):
        return token_counter(local_folder(base_model), base_model)
    # A slow import, which a folder does without.
    from engine.worker.hub import repository

    return token_counter(repository.cached_folder(base_model), base_model)


def token_counter(folder: Path | None, name: str) -> TokenCounter:
    """Return the token counter of the model `name`: by its tokenizer in `folder`, or an estimate."""
    path = folder / "tokenizer.json" if folder else None
    if folder is None or path is None or not path.exists():
        reason = say("The tokenizer of {} is not downloaded", name) if name else "No base model is named"
        description = say("{}: tokens are estimated, {} characters each.", reason, CHARACTERS_PER_TOKEN)
        return TokenCounter(_estimate, _estimated_ends, 1, exact=False, description=description)
    tokenizer_check.require_checked(folder, name, "tokenizers")
    tokenizer = Tokenizer.from_file(str(path))
    special = [token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special]
    return counter_of(tokenizer, special, folder, name)


def counter_of(tokenizer: Tokenizer, special_tokens: Sequence[str], folder: Path, name: str) -> TokenCounter:
    """Return the counter of a tokenizer whose special tokens no text becomes; `folder` holds the model `name`."""
    count, special = counting(tokenizer, special_tokens), SpecialTokens(special_tokens)

    def ends(text: str) -> list[int]:
        _lift_limits(tokenizer)
        encoding = tokenizer.encode(special.escaped(text), add_special_tokens=False)
        return special.positions(text, [end for _, end in encoding.offsets])

    around = summary_special_tokens(
        model_info.read(folder, "none").family, tokenizer.num_special_tokens_to_add(False)
    )
    description = say("Tokens are counted with the tokenizer of {}.", name)
    return TokenCounter(count, ends, around, exact=True, description=description)


def counting(tokenizer: Tokenizer, special_tokens: Sequence[str]) -> Callable[[Sequence[str]], list[int]]:
    """Return the function that counts the tokens of each text, without special tokens."""
    special = SpecialTokens(special_tokens)

    def count(texts: Sequence[str]) -> list[int]:
        _lift_limits(tokenizer)
        escaped = list(map(special.escaped, texts))
        return [len(encoding) for encoding in tokenizer.encode_batch_fast(escaped, add_special_tokens=False)]

    return count


def _lift_limits(tokenizer: Tokenizer) -> None:
    """Switch truncation and padding off: the file may ask for them, and transformers leaves those of the last call."""
    tokenizer.no_truncation()
    tokenizer.no_padding()


def summary_special_tokens(family: Family | None, special_tokens: int) -> int:
    """Return the number of tokens that a run puts around a summary: the tokenizer's, or a decoder's end token."""
    return special_tokens if family == "encoder-decoder" else 1


def _estimate(texts: Sequence[str]) -> list[int]:
    return [math.ceil(len(text) / CHARACTERS_PER_TOKEN) for text in texts]


def _estimated_ends(text: str) -> list[int]:
    return [*range(CHARACTERS_PER_TOKEN, len(text), CHARACTERS_PER_TOKEN), *([len(text)] if text else [])]


def describe(lengths: Sequence[int] | npt.NDArray[np.int64]) -> dict[str, int]:
    """Return median, 95th percentile and maximum; zeros for no lengths."""
    if not len(lengths):
        return {"median": 0, "p95": 0, "max": 0}
    ordered = np.sort(lengths)
    return {
        "median": int(ordered[(len(ordered) - 1) // 2]),
        "p95": int(ordered[math.ceil(0.95 * len(ordered)) - 1]),
        "max": int(ordered[-1]),
    }


def histogram(lengths: Sequence[int] | npt.NDArray[np.int64]) -> dict[str, Any]:
    """Return `edges` (one more than bins, round numbers from 0) and `counts`.

    The width of bins follows the 95th percentile, so that a single long text does not blur the others; the last of
    `MAX_BINS` counts everything beyond it.
    """
    measured = describe(lengths)
    width = _round_width(measured["p95"])
    bins = min(MAX_BINS, measured["max"] // width + 1)
    numbers = np.minimum(np.asarray(lengths, np.int64) // width, bins - 1)
    counts = np.bincount(numbers, minlength=bins).tolist()
    return {"edges": [number * width for number in range(bins + 1)], "counts": counts}


def _round_width(maximum: int) -> int:
    """Return the least of 1, 2, 5, 10, 20, … that needs at most `BINS_TO_P95` bins for 0 to `maximum`."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if maximum // (factor * power) < BINS_TO_P95:
                return factor * power
        power *= 10


class SpecialTokens:
    """The special tokens of a tokenizer as text; a token of a single character is ordinary text."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._tokens = [token for token in tokens if len(token) > 1]
        # Nearly no text has one; one search tells.
        self._any = re.compile("|".join(map(re.escape, self._tokens)) or r"(?!)")

    def escaped(self, text: str) -> str:
        """Return the text with a space after the first character of each special token, as models read it."""
        if not self._any.search(text):
            return text
        for token in self._tokens:
            text = text.replace(token, f"{token[0]} {token[1:]}")
        return text

    def positions(self, text: str, ends: Sequence[int]) -> list[int]:
        """Return the positions in the text of `ends`, which are positions in the escaped text."""
        escaped = self.escaped(text)
        if escaped is text:
            return list(ends)
        before, position = [0], 0
        for character in escaped:
            # A character that is not the text's next one is an added space.
            position += position < len(text) and character == text[position]
            before.append(position)
        return [before[end] for end in ends]
