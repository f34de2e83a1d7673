"""From a recipe to its prompt: the examples in it, its format, the limits of summaries, and if it fits the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from transformers import PreTrainedTokenizerBase

from engine.adapters import library
from engine.adapters.library import Adapter
from engine.adapters.metadata import PromptFacts, ShotFacts
from engine.config import automatic
from engine.config.prompts import DEFAULT_PROMPT
from engine.config.recipe import Recipe
from engine.errors import AppError, Problem
from engine.messages import counted, say
from engine.text.conversations import Example
from engine.worker.dataset.chat_template import (
    PromptFormat,
    chat_frame,
    choose_format,
    has_template,
    template_error,
)
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompter import ChatPrompter, Prompter
from engine.worker.dataset.token_counter import TokenLengths
from engine.worker.ingestion.token_lengths import summary_special_tokens
from engine.worker.modeling.base_models import LoadedBase, positions
from engine.worker.runtime.channel import Channel

T = TypeVar("T")

SHOTS = "data.shots"
NUM_PINNED = 3


def shot_examples(recipe: Recipe, splits: Splits) -> tuple[Example, ...]:
    """Return the examples in the prompt: the first of the training split."""
    return tuple(splits.train[: recipe.data.shots])


def training_examples(recipe: Recipe, splits: Splits) -> Sequence[Example]:
    """Return the examples to train on.

    Those in the prompt are left out: an example that reads its own summary would teach the model to copy it.
    """
    return training_part(recipe, splits.of)


def training_part(recipe: Recipe, of: Callable[[str], Sequence[T]]) -> Sequence[T]:
    """Return what belongs to the examples to train on; `of` returns it for all examples of a split."""
    return of("train")[recipe.data.shots :]


def scored_examples(recipe: Recipe, splits: Splits) -> Sequence[Example]:
    """Return the examples to score, without those in the prompt."""
    return scored_part(recipe, splits.of)


def scored_part(recipe: Recipe, of: Callable[[str], Sequence[T]]) -> Sequence[T]:
    """Return what belongs to the examples to score; `of` returns it for all examples of a split."""
    split = recipe.evaluation.split
    part = training_part(recipe, of) if split == "train" else of(split)
    return part[: recipe.evaluation.examples or None]


def pinned_examples(splits: Splits) -> tuple[Example, ...]:
    """Return the examples whose summaries a run shows repeatedly while it trains."""
    return tuple((splits.validation or splits.test)[:NUM_PINNED])


def make_prompter(recipe: Recipe, base: LoadedBase, splits: Splits) -> Prompter:
    """Return the prompter of a recipe, with its examples from the training split in the prompt."""
    return _prompter_class(recipe.data.prompt_format, base.tokenizer)(
        base.tokenizer,
        base.family,
        recipe.data.prompt,
        max_conversation_tokens=recipe.data.max_conversation_tokens,
        max_summary_tokens=recipe.data.max_summary_tokens or automatic.HIGHEST_LIMIT,
        shots=shot_examples(recipe, splits),
    )


def _prompter_class(setting: str, tokenizer: PreTrainedTokenizerBase) -> type[Prompter]:
    return ChatPrompter if choose_format(setting, tokenizer) == "chat" else Prompter


def prompt_facts(recipe: Recipe, splits: Splits, prompt_format: PromptFormat) -> PromptFacts:
    """Return a recipe's prompt as adapter metadata stores it, with the texts of its shots."""
    return PromptFacts(
        template=recipe.data.prompt,
        format=prompt_format,
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
    make = _prompter_class(facts.format, base.tokenizer)
    return make(
        base.tokenizer, base.family, facts.template, max_conversation_tokens, max_summary_tokens, shots
    )


def shots_problem(recipe: Recipe, splits: Splits) -> Problem | None:
    """Return the problem of a training split with too few examples to show in the prompt, None if there are enough."""
    examples, shots = len(splits.train), recipe.data.shots
    needed = shots + recipe.method.method.trains
    if not shots or examples >= needed:
        return None
    template = (
        "The training split has {}, too few to show {} and train on others."
        if recipe.method.method.trains
        else "The training split has {}, too few to show {}."
    )
    message = say(template, counted(examples, "example"), shots)
    return Problem(SHOTS, message, say("At most {} fit.", max(0, examples - (needed - shots))))


def with_plain_prompt(recipe: Recipe) -> Recipe:
    """Return the recipe with the default prompt and no examples, as the base model is scored."""
    return replace(recipe, data=recipe.data.model_copy(update={"prompt": DEFAULT_PROMPT, "shots": 0}))


def with_resolved_format(recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> Recipe:
    """Return the recipe with the format that its prompt has with this tokenizer, instead of `auto`.

    Raises ChatTemplateError if it asks for a chat format that the tokenizer hasn't got.
    """
    prompt_format = choose_format(recipe.data.prompt_format, tokenizer)
    if prompt_format == "chat":
        chat_frame(tokenizer)
    return in_format(recipe, prompt_format)


def resolve_format(channel: Channel, recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> Recipe:
    """Return the recipe as `with_resolved_format` does, and emit notices of what is seldom meant."""
    for notice in notices_of_format(recipe, tokenizer):
        channel.notice(**notice)
    return with_resolved_format(recipe, tokenizer)


def in_format(recipe: Recipe, prompt_format: PromptFormat) -> Recipe:
    """Return the recipe with its prompt in a format."""
    return replace(recipe, data=recipe.data.model_copy(update={"prompt_format": prompt_format}))


def notices_of_format(recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> list[dict[str, str]]:
    """Return that a prompt is plain for want of a working template, or in another format than an adapter's so far."""
    error = template_error(tokenizer) if has_template(tokenizer) else None
    if error and recipe.data.prompt_format == "auto":
        return [{"message": error.message, "hint": "So the prompt is plain."}]
    with suppress(AppError):
        if recipe.method.start_from:
            prompt_format = choose_format(recipe.data.prompt_format, tokenizer)
            return notices_of_other_format(library.find(recipe.method.start_from), prompt_format)
    return []


def notices_of_other_format(adapter: Adapter, prompt_format: str) -> list[dict[str, str]]:
    """Return that an adapter was trained in another format than it is used in. Message, hint and level."""
    trained_with = adapter.metadata.prompt
    if trained_with is None or trained_with.format == prompt_format:
        return []
    message = say("{} was trained in {} format, not {}.", adapter.name, trained_with.format, prompt_format)
    return [{"message": message, "hint": "Its chat format may give better summaries.", "level": "warning"}]


def notices(recipe: Recipe) -> list[dict[str, str]]:
    """Return a notice, as message and hint, if a run that trains nothing has the default prompt."""
    if recipe.method.method.trains or recipe != with_plain_prompt(recipe):
        return []
    message = "This is the unchanged base model. Edit the prompt, or add examples."
    return [{"message": message, "hint": "In a recipe: data.prompt and data.shots."}]


def resolve_limits(
    recipe: Recipe, base: LoadedBase, splits: Splits, lengths: TokenLengths | None = None
) -> Recipe:
    """Return the recipe, its prompt's format resolved, with limits of summaries where it has none.

    `lengths` saves counting tokens that are counted already.
    """
    data, evaluation = recipe.data, recipe.evaluation
    if data.max_summary_tokens and evaluation.max_new_tokens:
        return recipe
    prompter, lengths = make_prompter(recipe, base, splits), lengths or TokenLengths(base.tokenizer, splits)
    around = special_tokens(base, prompter)
    if not data.max_summary_tokens:
        learned = (*training_part(recipe, lengths.summaries), *lengths.summaries("validation"))
        limit = automatic.label_limit(max(learned, default=0) + around)
        data = data.model_copy(update={"max_summary_tokens": limit})
    if not evaluation.max_new_tokens:
        scored = [tokens + around for tokens in scored_part(recipe, lengths.summaries)]
        limit = min(_room_for_summaries(recipe, base, prompter, lengths), automatic.output_limit(scored))
        evaluation = evaluation.model_copy(update={"max_new_tokens": limit})
    return replace(recipe, data=data, evaluation=evaluation)


def special_tokens(base: LoadedBase, prompter: Prompter) -> int:
    """Return how many tokens a summary has among its labels beside those of its text."""
    tokenizers = summary_special_tokens(base.family, base.tokenizer.num_special_tokens_to_add(pair=False))
    return max(tokenizers, prompter.num_end_tokens)


def _room_for_summaries(recipe: Recipe, base: LoadedBase, prompter: Prompter, lengths: TokenLengths) -> int:
    """Return how many tokens can be written in the context window; at least a step, which planning may refuse."""
    window = positions(base.model.config)
    if window is None:
        return automatic.HIGHEST_LIMIT
    # Virtual tokens take positions too.
    taken = getattr(recipe.method.options, "virtual_tokens", 0)
    if base.family == "decoder-only":
        read = (
            *scored_part(recipe, lengths.conversations),
            *lengths.conversations("validation")[:NUM_PINNED],
        )
        longest = min(max(read, default=0), recipe.data.max_conversation_tokens)
        taken += longest + len(prompter.input_ids(""))
    return max(automatic.LIMIT_STEP, window - taken)
