"""Whether all that a run reads and writes has a place among the base model's positions. No weight is loaded.

Knows nothing of what a soft prompt of one kind or another puts where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.config.data_options import MIN_CONVERSATION_TOKENS
from engine.config.recipe import Recipe
from engine.errors import Problem
from engine.text.conversations import Example
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import learned, make_prompter, pinned, scored
from engine.worker.ingestion.sources import SPLITS
from engine.worker.modeling.base_models import LoadedBase, Model, positions
from engine.worker.modeling.prompt_learning import NoPrompt, prompt_of

# A text counted in parts may have a few tokens fewer than in one piece: what comes so near is counted whole.
SLACK = 16
MOST_COUNTED_WHOLE = 200


@dataclass(frozen=True)
class Row:
    """What the model reads and writes for one example, in tokens; `around` are those read beside the conversation."""

    around: int
    conversation: int
    written: int

    def needs(self, prompt: NoPrompt, spare: int = 0) -> int:
        """Return the positions taken behind a prompt, with `spare` tokens more to read and as many to write."""
        return prompt.positions(self.around + self.conversation + spare, self.written + spare)


def problem(
    recipe: Recipe, base: LoadedBase, model: Model, splits: Splits, lengths: Sequence[tuple[int, int]]
) -> Problem | None:
    """Return why a run's longest row finds no room, None if it does or if the model knows no limit.

    `model` is the base with the adapter on it, if there is one. `lengths` are the tokens of conversation and
    summary before any cutting, of all examples, split by split.
    """
    places = positions(base.model.config)
    if places is None:
        return None
    prompt, nothing = prompt_of(model), NoPrompt(base.model)
    rows = _longest(recipe, base, splits, lengths, prompt, places)
    needed = max((row.needs(prompt) for row in rows), default=0)
    if needed <= places:
        return None
    if max(row.needs(nothing) for row in rows) <= places:
        return _of_virtual_tokens(prompt.length, needed, places)
    return _of_limits(recipe, rows, prompt, needed, places)


def _of_virtual_tokens(tokens: int, needed: int, places: int) -> Problem:
    fitting = tokens - (needed - places)
    others = needed - tokens
    return Problem(
        "method.virtual_tokens",
        f"{tokens} virtual tokens and up to {others} others are more than the {places} that this base model takes.",
        f"Take at most {fitting}, or lower the longest conversation or summary."
        if fitting
        else "Lower the longest conversation or summary.",
    )


def _of_limits(recipe: Recipe, rows: Sequence[Row], prompt: NoPrompt, needed: int, places: int) -> Problem:
    """Return the problem beside the conversations' limit, with one that would fit, if one would."""
    around, written = max(row.around for row in rows), max(row.written for row in rows)
    limits = range(min(recipe.data.max_conversation_tokens, places), MIN_CONVERSATION_TOKENS - 1, -1)
    fitting = next((limit for limit in limits if Row(around, limit, written).needs(prompt) <= places), None)
    message = f"This base model takes {places} tokens; prompt and summary need up to {needed}."
    hint = "Shorten the prompt, or lower the longest summary."
    if prompt.length:
        message = (
            f"This base model takes {places} tokens; prompt and summary and the {prompt.length} virtual tokens before "
            f"them need up to {needed}."
        )
        hint = "Take fewer virtual tokens, shorten the prompt, or lower the longest summary."
    return Problem("data.max_conversation_tokens", message, f"{fitting} would fit." if fitting else hint)


def _longest(
    recipe: Recipe,
    base: LoadedBase,
    splits: Splits,
    lengths: Sequence[tuple[int, int]],
    prompt: NoPrompt,
    places: int,
) -> list[Row]:
    """Return a run's rows that may find no room, counted as the model gets them, the longest first."""
    prompter, limit = make_prompter(recipe, base, splits), recipe.data.max_conversation_tokens
    around = len(prompter.input_ids(""))
    learns = {*learned(recipe, splits), *splits.validation} if recipe.method.method.trains else set()
    asked = {*scored(recipe, splits), *pinned(splits)}

    def written(example: Example, summary: int) -> int:
        learnt = min(summary, recipe.data.max_summary_tokens) if example in learns else 0
        return max(learnt, recipe.evaluation.max_new_tokens) if example in asked else learnt

    def whole(example: Example, conversation: int) -> Row:
        read, summary = (
            len(prompter.input_ids(example.conversation)),
            prompter.example(example).learned_tokens,
        )
        return Row(read - conversation, conversation, written(example, summary))

    examples = (example for split in SPLITS for example in splits.of(split))
    rows = {
        example: Row(around, min(conversation, limit), written(example, summary + 1))
        for example, (conversation, summary) in zip(examples, lengths, strict=True)
        if example in learns or example in asked
    }
    near = [example for example, row in rows.items() if row.needs(prompt, SLACK) > places]
    near.sort(key=lambda example: rows[example].needs(prompt), reverse=True)
    return [whole(example, rows[example].conversation) for example in near[:MOST_COUNTED_WHOLE]]
