"""Settles the limits of summaries that a recipe leaves to its data, within the base model's context window."""

from __future__ import annotations

from dataclasses import replace

from engine.config import summary_limits
from engine.config.recipe import Recipe
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompter import Prompter
from engine.worker.dataset.prompting import NUM_PINNED, make_prompter, scored_part, training_part
from engine.worker.dataset.token_counter import TokenLengths
from engine.worker.ingestion.token_lengths import summary_special_tokens
from engine.worker.modeling.base_models import LoadedBase, positions


def settle_limits(
    recipe: Recipe, base: LoadedBase, splits: Splits, lengths: TokenLengths | None = None
) -> Recipe:
    """Return the recipe, its prompt's format settled, with limits of summaries where it has none.

    `lengths` saves counting tokens that are counted already.
    """
    data, evaluation = recipe.data, recipe.evaluation
    if data.max_summary_tokens and evaluation.max_new_tokens:
        return recipe
    prompter, lengths = make_prompter(recipe, base, splits), lengths or TokenLengths(base.tokenizer, splits)
    around = special_tokens(base, prompter)
    if not data.max_summary_tokens:
        learned = (*training_part(recipe, lengths.summaries), *lengths.summaries("validation"))
        limit = summary_limits.label_limit(max(learned, default=0) + around)
        data = data.model_copy(update={"max_summary_tokens": limit})
    if not evaluation.max_new_tokens:
        scored = [tokens + around for tokens in scored_part(recipe, lengths.summaries)]
        limit = min(_room(recipe, base, prompter, lengths), summary_limits.output_limit(scored))
        evaluation = evaluation.model_copy(update={"max_new_tokens": limit})
    return replace(recipe, data=data, evaluation=evaluation)


def special_tokens(base: LoadedBase, prompter: Prompter) -> int:
    """Return how many tokens a summary has among its labels beside those of its text."""
    tokenizers = summary_special_tokens(base.family, base.tokenizer.num_special_tokens_to_add(pair=False))
    return max(tokenizers, prompter.num_end_tokens)


def _room(recipe: Recipe, base: LoadedBase, prompter: Prompter, lengths: TokenLengths) -> int:
    """Return how many tokens can be written in the context window; at least a step, which planning may refuse."""
    window = positions(base.model.config)
    if window is None:
        return summary_limits.HIGHEST
    # Virtual tokens take positions too.
    taken = getattr(recipe.method.options, "virtual_tokens", 0)
    if base.family == "decoder-only":
        read = (
            *scored_part(recipe, lengths.conversations),
            *lengths.conversations("validation")[:NUM_PINNED],
        )
        longest = min(max(read, default=0), recipe.data.max_conversation_tokens)
        taken += longest + len(prompter.input_ids(""))
    return max(summary_limits.STEP, window - taken)
