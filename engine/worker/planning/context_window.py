"""Checks that prompts and outputs of a run fit the base model's context window, before a weight is loaded.

Knows nothing of where soft prompts put their virtual tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.config.data_options import MIN_CONVERSATION_TOKENS
from engine.config.recipe import Recipe
from engine.errors import Problem
from engine.scoring.score_text import counted
from engine.text.conversations import Example
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompter import Prompter
from engine.worker.dataset.prompting import make_prompter, pinned_examples, scored_examples, training_examples
from engine.worker.ingestion.sources import SPLITS
from engine.worker.modeling.base_models import LoadedBase, Model, positions
from engine.worker.modeling.prompt_learning import NoPrompt, prompt_of

# Tokens of parts of a text may be a few less than those of the whole: rows so near the limit are counted whole.
SLACK = 16
MAX_COUNTED_WHOLE = 200


@dataclass(frozen=True)
class Row:
    """Token counts of one example: conversation, the prompt around it, and the summary, a label or generated."""

    prompt: int
    conversation: int
    summary: int

    def positions(self, soft_prompt: NoPrompt, slack: int = 0) -> int:
        """Return the positions taken with a soft prompt, if `slack` more tokens are read and as many written."""
        return soft_prompt.positions(self.prompt + self.conversation + slack, self.summary + slack)


def problem(
    recipe: Recipe, base: LoadedBase, model: Model, splits: Splits, lengths: Sequence[tuple[int, int]]
) -> Problem | None:
    """Return why a run's longest row exceeds the context window, None if none does or there is no limit.

    `model` is the base model, with the adapter on it if there is one. `lengths` are the tokens of conversation and
    summary before truncation, of all examples, split by split.
    """
    limit = positions(base.model.config)
    if limit is None:
        return None
    soft_prompt, no_prompt = prompt_of(model), NoPrompt(base.model)
    rows = _longest_rows(recipe, base, splits, lengths, soft_prompt, limit)
    needed = max((row.positions(soft_prompt) for row in rows), default=0)
    if needed <= limit:
        return None
    if max(row.positions(no_prompt) for row in rows) <= limit:
        return _of_virtual_tokens(soft_prompt.length, needed, limit)
    return _of_conversations(recipe, rows, soft_prompt, needed, limit)


def _of_virtual_tokens(tokens: int, needed: int, limit: int) -> Problem:
    fitting = tokens - (needed - limit)
    others = needed - tokens
    return Problem(
        "method.virtual_tokens",
        f"{counted(tokens, 'virtual token')} and up to {others} others exceed the {limit} tokens that this base model "
        "takes.",
        f"Take at most {fitting}, or lower the limit of conversations or of summaries."
        if fitting
        else "Lower the limit of conversations or of summaries.",
    )


def _of_conversations(
    recipe: Recipe, rows: Sequence[Row], soft_prompt: NoPrompt, needed: int, limit: int
) -> Problem:
    """Return the problem beside the limit of conversations, with a limit that would fit if there is one."""
    prompt, summary = max(row.prompt for row in rows), max(row.summary for row in rows)
    candidates = range(min(recipe.data.max_conversation_tokens, limit), MIN_CONVERSATION_TOKENS - 1, -1)
    fitting = next(
        (tokens for tokens in candidates if Row(prompt, tokens, summary).positions(soft_prompt) <= limit),
        None,
    )
    message = f"This base model takes {limit} tokens; prompt and summary need up to {needed}."
    hint = "Shorten the prompt, or lower the limit of summaries."
    if soft_prompt.length:
        message = (
            f"This base model takes {limit} tokens; prompt and summary and "
            f"{counted(soft_prompt.length, 'virtual token')} before them need up to {needed}."
        )
        hint = "Take fewer virtual tokens, shorten the prompt, or lower the limit of summaries."
    return Problem("data.max_conversation_tokens", message, f"{fitting} would fit." if fitting else hint)


def _longest_rows(
    recipe: Recipe,
    base: LoadedBase,
    splits: Splits,
    lengths: Sequence[tuple[int, int]],
    soft_prompt: NoPrompt,
    limit: int,
) -> list[Row]:
    """Return the rows that may exceed the limit, counted exactly, the longest first."""
    prompter, uses = make_prompter(recipe, base, splits), _Uses(recipe, splits)
    estimates = _estimates(recipe, prompter, uses, splits, lengths)
    near = [example for example, row in estimates.items() if row.positions(soft_prompt, SLACK) > limit]
    near.sort(key=lambda example: estimates[example].positions(soft_prompt), reverse=True)
    return [
        _counted_whole(prompter, uses, example, estimates[example].conversation)
        for example in near[:MAX_COUNTED_WHOLE]
    ]


class _Uses:
    """What a run does with its examples: it trains on some and summarises some."""

    def __init__(self, recipe: Recipe, splits: Splits) -> None:
        trains = recipe.method.method.trains
        self.labelled = {*training_examples(recipe, splits), *splits.validation} if trains else set()
        self.summarized = {*scored_examples(recipe, splits), *pinned_examples(splits)}
        self._max_labels = recipe.data.max_summary_tokens
        self._max_written = recipe.evaluation.max_new_tokens

    def __contains__(self, example: Example) -> bool:
        return example in self.labelled or example in self.summarized

    def summary_tokens(self, example: Example, tokens: int) -> int:
        """Return the maximum of label tokens and new tokens; `tokens` are the reference summary's."""
        label_tokens = min(tokens, self._max_labels) if example in self.labelled else 0
        return max(label_tokens, self._max_written) if example in self.summarized else label_tokens


def _estimates(
    recipe: Recipe, prompter: Prompter, uses: _Uses, splits: Splits, lengths: Sequence[tuple[int, int]]
) -> dict[Example, Row]:
    """Return the rows of all examples that the run uses, from the token counts of their parts."""
    max_conversation, prompt = recipe.data.max_conversation_tokens, len(prompter.input_ids(""))
    examples = (example for split in SPLITS for example in splits.of(split))
    return {
        # What ends the summary counts too.
        example: Row(
            prompt,
            min(conversation, max_conversation),
            uses.summary_tokens(example, summary + prompter.num_end_tokens),
        )
        for example, (conversation, summary) in zip(examples, lengths, strict=True)
        if example in uses
    }


def _counted_whole(prompter: Prompter, uses: _Uses, example: Example, conversation: int) -> Row:
    """Return the row of an example whose prompt and summary are tokenized as the model gets them."""
    tokens = len(prompter.input_ids(example.conversation))
    summary = prompter.example(example).label_tokens
    return Row(tokens - conversation, conversation, uses.summary_tokens(example, summary))
