"""Encodes conversations: the prompt as token ids, and the labels.

Training, scoring and the playground all use it, so that they can't differ.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import tokenizers
import transformers
from transformers import PretrainedConfig, PreTrainedTokenizerBase

from engine.adapters.metadata import PromptFacts, ShotFacts
from engine.config.prompts import DEFAULT_PROMPT, rendered
from engine.config.recipe import Recipe
from engine.errors import Problem
from engine.methods import Family
from engine.scoring.score_text import counted
from engine.text.conversations import Example
from engine.worker.dataset.dataset import Splits
from engine.worker.ingestion.special_tokens import SpecialTokens
from engine.worker.modeling.base_models import LoadedBase, positions

IGNORED = -100
SHOTS = "data.shots"
NUM_PINNED = 3


@dataclass(frozen=True)
class Encoded:
    """One example as token ids; labels of -100 are ignored.

    Encoder-decoder: `labels` are the summary's ids. Decoder-only: `input_ids` are prompt and summary,
    `labels` has the same length and is -100 over the prompt.
    """

    input_ids: list[int]
    labels: list[int]

    @property
    def label_tokens(self) -> int:
        """The number of labels that are not ignored."""
        return sum(label != IGNORED for label in self.labels)


class Prompter:
    """Formats conversations with a prompt and encodes them.

    `shots` are examples in the prompt, complete, each formatted by the template and followed by its summary. A
    conversation that is too long is truncated, never the prompt around it; `truncated_conversations` and
    `truncated_summaries` count the texts truncated so far.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        family: Family,
        template: str,
        max_conversation_tokens: int,
        max_summary_tokens: int,
        shots: Sequence[Example] = (),
    ) -> None:
        self._tokenizer = tokenizer
        self._family = family
        self._limit = max_conversation_tokens
        self._summary_limit = max_summary_tokens
        self._escape = SpecialTokens(tokenizer.all_special_tokens).escaped
        self._template = template
        self.shots = [(self._escape(shot.conversation), self._escape(shot.summary)) for shot in shots]
        self.truncated_conversations = 0
        self.truncated_summaries = 0

    @property
    def identity(self) -> str:
        """A digest of everything that decides an example's ids: tokenizer, prompt and limits."""
        parts = (
            transformers.__version__,
            tokenizers.__version__,
            _definition(self._tokenizer),
            sorted(self._tokenizer.all_special_tokens),
            self._tokenizer.eos_token_id,
            self._family,
            self._template,
            self._limit,
            self._summary_limit,
            self.shots,
        )
        return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()

    def input_ids(self, conversation: str) -> list[int]:
        """Return the input ids of a conversation for `generate`."""
        return self._ids(self.prompt(conversation))

    def prompt(self, conversation: str) -> str:
        """Return the prompt with the conversation, truncated to the limit."""
        parts = rendered(self._template, self.truncated(conversation), self.shots)
        return "".join(part.text for part in parts)

    def example(self, example: Example) -> Encoded:
        """Return an example encoded for training."""
        prompt = self.input_ids(example.conversation)
        summary = self._summary_ids(self._escape(example.summary))
        if self._family == "encoder-decoder":
            return Encoded(prompt, summary)
        return Encoded(prompt + summary, [IGNORED] * len(prompt) + summary)

    def conversation_tokens(self, conversation: str) -> int:
        """Return the number of tokens of a conversation, before truncation."""
        return self._count(conversation)

    def truncated(self, conversation: str) -> str:
        """Return a conversation truncated to the limit's tokens, never within a character."""
        conversation = self._escape(conversation)
        encoding = self._tokenizer(conversation, add_special_tokens=False, return_offsets_mapping=True)
        if len(encoding["input_ids"]) <= self._limit:
            return conversation
        self.truncated_conversations += 1
        return conversation[: encoding["offset_mapping"][self._limit - 1][1]].rstrip()

    def _ids(self, text: str) -> list[int]:
        """Return a prompt's ids: an encoder's end with its end token; a decoder goes on, so its don't."""
        ids: list[int] = self._tokenizer(text)["input_ids"]
        if self._family == "decoder-only" and ids and ids[-1] == self._tokenizer.eos_token_id:
            ids = ids[:-1]
        return ids

    def _summary_ids(self, summary: str) -> list[int]:
        """Return a summary's ids with the end token, and the start token where the tokenizer has one."""
        if self._family == "encoder-decoder":
            complete: list[int] = self._tokenizer(text_target=summary)["input_ids"]
            if len(complete) <= self._summary_limit:
                return complete
            self.truncated_summaries += 1
            truncated: list[int] = self._tokenizer(
                text_target=summary, truncation=True, max_length=self._summary_limit
            )["input_ids"]
            return truncated
        ids: list[int] = self._tokenizer(summary, add_special_tokens=False)["input_ids"]
        self.truncated_summaries += len(ids) >= self._summary_limit
        return [*ids[: self._summary_limit - 1], self._tokenizer.eos_token_id]

    def _count(self, text: str) -> int:
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])


def _definition(tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    """Return a tokenizer's definition without the padding and truncation of its last call."""
    definition: dict[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())
    return definition | {"truncation": None, "padding": None}


def shot_examples(recipe: Recipe, splits: Splits) -> tuple[Example, ...]:
    """Return the examples in the prompt: the first of the training split."""
    return tuple(splits.train[: recipe.data.shots])


def training_examples(recipe: Recipe, splits: Splits) -> Sequence[Example]:
    """Return the examples to train on.

    Those in the prompt are left out: an example that reads its own summary would teach the model to copy it.
    """
    return splits.train[recipe.data.shots :]


def scored_examples(recipe: Recipe, splits: Splits) -> Sequence[Example]:
    """Return the examples to score, without those in the prompt."""
    split = recipe.evaluation.split
    examples = training_examples(recipe, splits) if split == "train" else splits.of(split)
    return examples[: recipe.evaluation.examples or None]


def pinned_examples(splits: Splits) -> tuple[Example, ...]:
    """Return the examples whose summaries a run shows repeatedly while it trains."""
    return tuple((splits.validation or splits.test)[:NUM_PINNED])


def make_prompter(recipe: Recipe, base: LoadedBase, splits: Splits) -> Prompter:
    """Return the prompter of a recipe, with its examples from the training split in the prompt."""
    return _prompter(recipe, base.tokenizer, base.family, shot_examples(recipe, splits))


def _prompter(
    recipe: Recipe, tokenizer: PreTrainedTokenizerBase, family: Family, shots: Sequence[Example]
) -> Prompter:
    return Prompter(
        tokenizer,
        family,
        recipe.data.prompt,
        max_conversation_tokens=recipe.data.max_conversation_tokens,
        max_summary_tokens=recipe.data.max_summary_tokens,
        shots=shots,
    )


def prompt_facts(recipe: Recipe, splits: Splits) -> PromptFacts:
    """Return a recipe's prompt as adapter metadata stores it, with the texts of its shots."""
    return PromptFacts(
        template=recipe.data.prompt,
        max_conversation_tokens=recipe.data.max_conversation_tokens,
        beams=recipe.evaluation.beams,
        max_new_tokens=recipe.evaluation.max_new_tokens,
        shots=[
            ShotFacts(id=shot.id, conversation=shot.conversation, summary=shot.summary)
            for shot in shot_examples(recipe, splits)
        ],
    )


def prompter_from_metadata(
    facts: PromptFacts, base: LoadedBase, max_conversation_tokens: int, max_summary_tokens: int
) -> Prompter:
    """Return the prompter of an adapter's metadata, with its template and shots."""
    shots = [Example(shot.id, shot.conversation, shot.summary) for shot in facts.shots]
    return Prompter(
        base.tokenizer, base.family, facts.template, max_conversation_tokens, max_summary_tokens, shots
    )


def shots_problem(
    recipe: Recipe,
    splits: Splits,
    tokenizer: PreTrainedTokenizerBase,
    family: Family,
    config: PretrainedConfig,
) -> Problem | None:
    """Return the problem of the examples in the prompt: too few examples, or too many tokens; None if there is none."""
    examples, shots = len(splits.train), recipe.data.shots
    needed = shots + recipe.method.method.trains
    if shots and examples < needed:
        message = f"{examples:,} training examples are too few to show {shots} in the prompt."
        if recipe.method.method.trains:
            message = f"{examples:,} training examples are too few to show {shots} in the prompt and train on others."
        return Problem(SHOTS, message, f"At most {max(0, examples - (needed - shots))} can be shown.")
    limit = positions(config)
    return _context_problem(recipe, splits, tokenizer, family, limit) if shots and limit else None


def _context_problem(
    recipe: Recipe, splits: Splits, tokenizer: PreTrainedTokenizerBase, family: Family, limit: int
) -> Problem | None:
    """Return the problem if prompt, longest conversation and longest summary exceed the context window."""
    shots = shot_examples(recipe, splits)
    summary = 0 if family == "encoder-decoder" else _longest_summary(recipe)
    # Virtual tokens take positions too.
    virtual = getattr(recipe.method.options, "virtual_tokens", 0)
    available = limit - recipe.data.max_conversation_tokens - summary - virtual

    def prompt_tokens(count: int) -> int:
        return len(_prompter(recipe, tokenizer, family, shots[:count]).input_ids(""))

    with_shots, without_shots = prompt_tokens(len(shots)), prompt_tokens(0)
    if with_shots <= available:
        return None
    fitting = next((count for count in range(len(shots) - 1, 0, -1) if prompt_tokens(count) <= available), 0)
    needed = with_shots + limit - available
    cost = f"{counted(len(shots), 'example')} in the prompt: {with_shots - without_shots:,} tokens."
    total = (
        f"With {virtual:,} virtual tokens, the longest conversation and its summary, {needed:,} tokens are needed; the "
        f"context window has {limit:,}."
        if virtual
        else f"With the longest conversation and its summary, {needed:,} tokens are needed; "
        f"the context window has {limit:,}."
    )
    return Problem(
        SHOTS,
        f"{cost} {total}",
        f"{fitting} would fit." if fitting else "None would fit: lower the longest conversation.",
    )


def _longest_summary(recipe: Recipe) -> int:
    return max(recipe.data.max_summary_tokens, recipe.evaluation.max_new_tokens)


def with_plain_prompt(recipe: Recipe) -> Recipe:
    """Return the recipe with the default prompt and no examples, as the base model is scored."""
    return replace(recipe, data=recipe.data.model_copy(update={"prompt": DEFAULT_PROMPT, "shots": 0}))


def notices(recipe: Recipe) -> list[dict[str, str]]:
    """Return a notice, as message and hint, if a run that trains nothing has the default prompt."""
    if recipe.method.method.trains or recipe != with_plain_prompt(recipe):
        return []
    message = "This is the base model as it is: change the prompt or show examples."
    return [{"message": message, "hint": "In a recipe's file these are data.prompt and data.shots."}]
