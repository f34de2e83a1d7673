"""Previews an example as tokens, labels marked, and the values of the prompt's placeholders.

Knows nothing of training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from transformers import PreTrainedTokenizerBase

from engine.config.recipe import Recipe
from engine.methods import Family
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompter import IGNORED, Encoded
from engine.worker.dataset.prompting import make_prompter, training_examples
from engine.worker.modeling.base_models import LoadedBase, positions

MAX_TOKENS = 800
UNFINISHED = "\ufffd"
MAX_DECODED = 16
LEFT_OUT = " … "

Piece = tuple[str, bool]


def token_pieces(tokenizer: PreTrainedTokenizerBase, encoded: Encoded, family: Family) -> list[Piece]:
    """Return each token's text and whether it is a label; the middle of a very long input is left out."""
    if family == "encoder-decoder":
        inputs = [(text, False) for text in _texts(tokenizer, encoded.input_ids)]
        return _shortened(inputs) + [(text, True) for text in _texts(tokenizer, encoded.labels)]
    is_label = [label != IGNORED for label in encoded.labels]
    start = is_label.index(True) if True in is_label else len(is_label)
    texts = _texts(tokenizer, encoded.input_ids)
    pieces = list(zip(texts, is_label, strict=True))
    return _shortened(pieces[:start]) + pieces[start:]


def placeholder_values(recipe: Recipe, base: LoadedBase, splits: Splits) -> dict[str, Any]:
    """Return the values of a prompt's placeholders, for a preview while it is edited, and its length in tokens.

    `conversation` is the first that is not in the prompt, `shots` are pairs of conversation and summary, `tokens`
    those of all that is read, `shots_tokens` those of the shots, `positions` what the model reads at most, or None.
    `frame` has the texts before and after the question in chat format, the shots among them, and whether the prompt's
    cue begins the answer; None in plain format.
    """
    prompter, examples = make_prompter(recipe, base, splits), training_examples(recipe, splits) or splits.test
    conversation = examples[0].conversation if examples else ""
    tokens, frame = len(prompter.input_ids(conversation)), prompter.frame
    tokens_without_shots = len(make_prompter(recipe, base, replace(splits, train=())).input_ids(conversation))
    return {
        "template": recipe.data.prompt,
        "conversation": prompter.truncated(conversation),
        "shots": prompter.shots,
        "tokens": tokens,
        "frame": frame
        and {"before": frame.before, "after": frame.after, "moves_cue": base.family == "decoder-only"},
        "shots_tokens": tokens - tokens_without_shots,
        "positions": positions(base.model.config),
    }


def _shortened(pieces: list[Piece]) -> list[Piece]:
    if len(pieces) <= MAX_TOKENS:
        return pieces
    half = MAX_TOKENS // 2
    return [*pieces[:half], (LEFT_OUT, False), *pieces[-half:]]


def _texts(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> list[str]:
    """Return the text that each token adds; of a character's several tokens only the last one adds any.

    Decoding from a few tokens before keeps the spaces that a single token would lose.
    """
    texts, begin, decoded = [], 0, ""
    for end in range(1, len(ids) + 1):
        text: str = tokenizer.decode(list(ids[begin:end]), clean_up_tokenization_spaces=False)
        if text.endswith(UNFINISHED):
            texts.append("")
            continue
        texts.append(text[len(decoded) :])
        decoded = text
        if end - begin >= MAX_DECODED:
            # Decoding goes on from the last token, so that time stays linear.
            begin = end - 1
            decoded = tokenizer.decode([ids[begin]], clean_up_tokenization_spaces=False)
    return texts
