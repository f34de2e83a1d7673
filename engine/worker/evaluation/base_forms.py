"""The forms in which a base model can be asked, and its metrics in the best of them.

A base model that answers badly only because of the prompt's format is no fair opponent of an adapter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from transformers import PreTrainedTokenizerBase

from engine.config.recipe import Recipe
from engine.errors import AppError
from engine.scoring.comparison import SCORE
from engine.text.conversations import Example
from engine.worker.dataset.chat_template import PromptFormat, has_template, template_error
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import in_format, make_prompter, scored_examples
from engine.worker.evaluation import score_cache
from engine.worker.evaluation.model_metrics import measure_model
from engine.worker.evaluation.protocol import make_protocol
from engine.worker.generation.ctranslate2_runtime import CTranslate2Runtime
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime.channel import Channel
from engine.worker.text_metrics.example_languages import tell_languages
from engine.worker.text_metrics.summary_metrics import ExampleMetrics
from engine.worker.text_metrics.text_protocol import Protocol

# Examples on which forms are compared; the best one is then scored on all.
COMPARED_EXAMPLES = 100


@dataclass(frozen=True)
class BestForm:
    """The base model's metrics in its best form; `tried` has the mean ROUGE-1 of each form on the compared examples."""

    prompt_format: PromptFormat
    values: ExampleMetrics
    tried: dict[PromptFormat, float]
    compared: int

    def facts(self) -> Protocol:
        """Return what a protocol says of it; nothing where there was no choice."""
        if len(self.tried) == 1:
            return {}
        chosen = {"prompt_format": self.prompt_format, "of": sorted(self.tried), "examples": self.compared}
        return {"base_form": chosen}


def measure_best_form(
    channel: Channel,
    base: LoadedBase,
    recipe: Recipe,
    splits: Splits,
    runtime: CTranslate2Runtime | None = None,
) -> BestForm:
    """Return the base model's metrics in the best of its forms; the recipe's own wins a tie.

    The recipe's prompt has a settled format. Raises AppError where that can't be scored; of another form a notice says
    so. Raises Stopped.
    """
    examples = scored_examples(recipe, splits)
    own, *others = forms_of(recipe, base.tokenizer)
    compared = examples[:COMPARED_EXAMPLES] if others else examples
    measure = partial(_measure_form, channel, base, runtime)
    measured = {own: measure(in_format(recipe, own), splits, compared)}
    for form in others:
        try:
            measured[form] = measure(in_format(recipe, form), splits, compared)
        except AppError as error:
            channel.notice(f"The base model can't be scored in {form} format: {error.message}", error.hint)
    tried = {form: float(np.mean(values.rouge[SCORE])) for form, values in measured.items()}
    best = max(tried, key=tried.__getitem__)
    values = measured[best]
    if len(compared) < len(examples):
        values = measure(in_format(recipe, best), splits, examples, begun=values)
    return BestForm(best, values, tried, len(compared))


def forms_of(recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> list[PromptFormat]:
    """Return the formats in which the base model is scored, the recipe's own first."""
    own: PromptFormat = "chat" if recipe.data.prompt_format == "chat" else "plain"
    other: PromptFormat = "plain" if own == "chat" else "chat"
    can_chat = has_template(tokenizer) and template_error(tokenizer) is None
    return [own, other] if can_chat and recipe.evaluation.base_forms == "auto" else [own]


def _measure_form(
    channel: Channel,
    base: LoadedBase,
    runtime: CTranslate2Runtime | None,
    recipe: Recipe,
    splits: Splits,
    examples: Sequence[Example],
    begun: ExampleMetrics | None = None,
) -> ExampleMetrics:
    """Return the base model's metrics on examples, from the cache if they are there; `begun` are the first ones'."""
    evaluation = recipe.evaluation
    protocol = make_protocol(recipe, splits, evaluation.split, examples, evaluation.beams, runtime)
    prompter = make_prompter(recipe, base, splits)
    values = score_cache.load(protocol, base, prompter)
    if values is None:
        languages = tell_languages(examples, evaluation.language)
        begun = begun if begun and _is_read_alike(begun, examples, languages, recipe) else None
        done = len(begun.examples) if begun else 0
        values = measure_model(
            channel, base, base.model, recipe, examples[done:], prompter, languages[done:], runtime
        )
        values = begun.followed_by(values) if begun else values
        score_cache.save(protocol, base, prompter, values)
    return values


def _is_read_alike(
    begun: ExampleMetrics, examples: Sequence[Example], languages: Sequence[str], recipe: Recipe
) -> bool:
    """Tell whether the first examples are in the same languages by themselves as among all examples."""
    count = len(begun.examples)
    alone = tell_languages(examples[:count], recipe.evaluation.language)
    return tuple(alone) == tuple(languages[:count])
