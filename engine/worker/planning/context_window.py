"""Checks that prompts and outputs of a run fit the base model's context window, before a weight is loaded.

A single generation is checked by `prompt_learning.refuse_too_long`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.config.data_options import MIN_CONVERSATION_TOKENS
from engine.config.recipe import Recipe
from engine.errors import Problem
from engine.messages import counted, say
from engine.text.conversations import Example
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompter import Prompter
from engine.worker.dataset.prompting import (
    SHOTS,
    make_prompter,
    pinned_examples,
    scored_examples,
    training_examples,
)
from engine.worker.dataset.token_counter import TokenLengths
from engine.worker.ingestion.sources import SPLITS
from engine.worker.modeling.base_models import LoadedBase, Model, positions
from engine.worker.modeling.prompt_learning import NoPrompt, prompt_of, too_long

# Tokens of parts of a text may be a few less than those of the whole: rows so near the limit are counted whole.
SLACK = 16
MAX_COUNTED_WHOLE = 200


@dataclass(frozen=True)
class Row:
    """Token counts of one example: conversation, the prompt around it, and the summary, a label or generated."""

    prompt: int
    conversation: int
    summary: int

    def positions(self, soft_prompt: NoPrompt, more: int = 0) -> int:
        """Return the positions taken with a soft prompt, if `more` tokens are read."""
        return soft_prompt.positions(self.prompt + self.conversation + more, self.summary)


def problem(
    recipe: Recipe, base: LoadedBase, model: Model, splits: Splits, lengths: TokenLengths
) -> Problem | None:
    """Return why a run's longest row exceeds the context window, None if none does or there is no limit.

    `model` is the base model, with the adapter on it if there is one.
    """
    limit = positions(base.model.config)
    if limit is None:
        return None
    soft_prompt, prompter = prompt_of(model), make_prompter(recipe, base, splits)
    rows = _longest_rows(recipe, prompter, splits, lengths, soft_prompt, limit)

    def needed(soft_prompt: NoPrompt, fewer: int = 0) -> int:
        return max((row.positions(soft_prompt, -fewer) for row in rows), default=0)

    if needed(soft_prompt) <= limit:
        return None
    prompt_tokens = len(prompter.input_ids(""))

    def saved(shots: int) -> int:
        """Return the tokens that a prompt saves if it shows only so many examples."""
        fewer = replace(recipe, data=recipe.data.model_copy(update={"shots": shots}))
        return prompt_tokens - len(make_prompter(fewer, base, splits).input_ids(""))

    shots = recipe.data.shots
    if shots and needed(soft_prompt, saved(0)) <= limit:
        fitting = next((n for n in range(shots - 1, 0, -1) if needed(soft_prompt, saved(n)) <= limit), 0)
        given = (
            say("With {}, ", counted(soft_prompt.length, "virtual token")) if soft_prompt.length else "With "
        )
        return Problem(
            SHOTS,
            say(
                "{} in the prompt: {:,} tokens. {}the longest conversation and its summary need {:,} "
                "tokens; the context window has {:,}.",
                counted(shots, "example"),
                saved(0),
                given,
                needed(soft_prompt),
                limit,
            ),
            say("{} would fit.", fitting) if fitting else "Lower the conversation limit.",
        )
    if needed(NoPrompt(base.model)) <= limit:
        tokens, others = soft_prompt.length, needed(soft_prompt) - soft_prompt.length
        return Problem(
            "method.virtual_tokens",
            say(
                "{} and up to {} others exceed the context window of {} tokens.",
                counted(tokens, "virtual token"),
                others,
                limit,
            ),
            say("Use at most {}, or lower a limit.", limit - others)
            if limit != others
            else "Lower the conversation or summary limit.",
        )
    # The limit of conversations with which the longest prompt and the longest summary fit, if there is one.
    prompt, summary = max(row.prompt for row in rows), max(row.summary for row in rows)
    candidates = range(min(recipe.data.max_conversation_tokens, limit), MIN_CONVERSATION_TOKENS - 1, -1)
    fitting = next((n for n in candidates if Row(prompt, n, summary).positions(soft_prompt) <= limit), 0)
    hint = "Shorten the prompt, or lower the summary limit."
    if soft_prompt.length:
        hint = "Use fewer virtual tokens, shorten the prompt, or lower the summary limit."
    return too_long(
        soft_prompt, needed(soft_prompt), limit, say("{} would fit.", fitting) if fitting else hint
    )


def _longest_rows(
    recipe: Recipe,
    prompter: Prompter,
    splits: Splits,
    lengths: TokenLengths,
    soft_prompt: NoPrompt,
    limit: int,
) -> list[Row]:
    """Return the rows that may exceed the limit, counted exactly, the longest first."""
    trains = recipe.method.method.trains
    labelled = {*training_examples(recipe, splits), *splits.validation} if trains else set()
    summarized = {*scored_examples(recipe, splits), *pinned_examples(splits)}

    def row(example: Example, prompt: int, conversation: int, label_tokens: int) -> Row:
        learned = min(label_tokens, recipe.data.max_summary_tokens) if example in labelled else 0
        written = recipe.evaluation.max_new_tokens if example in summarized else 0
        return Row(prompt, conversation, max(learned, written))

    around, max_conversation = len(prompter.input_ids("")), recipe.data.max_conversation_tokens
    estimates = {
        # What ends the summary counts too.
        example: row(example, around, min(conversation, max_conversation), summary + prompter.num_end_tokens)
        for split in SPLITS
        for example, conversation, summary in zip(
            splits.of(split), lengths.conversations(split), lengths.summaries(split), strict=True
        )
        if example in labelled or example in summarized
    }
    near = [
        example
        for example, each in estimates.items()
        if soft_prompt.positions(each.prompt + each.conversation + SLACK, each.summary + SLACK) > limit
    ]
    near.sort(key=lambda example: estimates[example].positions(soft_prompt), reverse=True)
    rows = []
    for example in near[:MAX_COUNTED_WHOLE]:
        conversation = estimates[example].conversation
        tokens, label_tokens = (
            len(prompter.input_ids(example.conversation)),
            prompter.example(example).label_tokens,
        )
        rows.append(row(example, tokens - conversation, conversation, label_tokens))
    return rows
