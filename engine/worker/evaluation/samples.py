"""Summaries that a run writes on its way: of pinned conversations, for people to see, and of some that are scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.adapters.metadata import Scores
from engine.config.recipe import Recipe
from engine.text.conversations import Example
from engine.worker.dataset import prompting
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import Prompter
from engine.worker.evaluation import evaluator, rouge, summary_metrics
from engine.worker.evaluation.score_cache import Protocol
from engine.worker.generation import generate
from engine.worker.generation.generate import Generated
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.runtime.channel import Channel

# Enough of a pinned conversation to recognise it by; events stay small.
SHOWN_CHARACTERS = 4000


@dataclass(frozen=True)
class Chosen:
    """The conversations that are summarised at each evaluation of a run.

    `pinned` are shown, `scored` are scored under `protocol`, which says which they are: none without a validation
    split. Where there are both, one begins with the other.
    """

    pinned: tuple[Example, ...]
    scored: tuple[Example, ...]
    protocol: Protocol

    @property
    def asked(self) -> tuple[Example, ...]:
        """All of them."""
        return max(self.pinned, self.scored, key=len)


def chosen(recipe: Recipe, splits: Splits) -> Chosen:
    """Return what a recipe has summarised at each evaluation, greedily."""
    scored = tuple(splits.validation[: recipe.training.evaluate_summaries])
    protocol = evaluator.protocol_on(recipe, splits, "validation", scored, beams=1) | {"which": "first"}
    return Chosen(prompting.pinned(splits), scored, protocol)


def show(
    channel: Channel,
    base: LoadedBase,
    model: Model,
    prompter: Prompter,
    pinned: Sequence[Example],
    *,
    max_new_tokens: int,
    step: int,
) -> None:
    """Write the summaries as `model` does at a step, and tell each with its score. Raises Stopped if asked to."""
    made = write(channel, base, model, prompter, pinned, max_new_tokens=max_new_tokens)
    tell(channel, pinned, made, step)


def write(
    channel: Channel,
    base: LoadedBase,
    model: Model,
    prompter: Prompter,
    examples: Sequence[Example],
    *,
    max_new_tokens: int,
) -> list[Generated]:
    """Return what `model` writes of conversations, greedily: it draws no random number. Raises Stopped if asked to."""
    channel.check_stop()
    return generate.generate(
        model,
        base.tokenizer,
        base.family,
        [prompter.input_ids(example.conversation) for example in examples],
        beams=1,
        max_new_tokens=max_new_tokens,
        between=channel.check_stop,
    )


def scores(scored: Sequence[Example], made: Sequence[Generated], draws: int) -> Scores | None:
    """Return the ROUGE of the first summaries, those of `scored`, with intervals; None where none is scored."""
    return summary_metrics.spreads(_rouge(scored, made), draws) if scored else None


def _rouge(examples: Sequence[Example], made: Sequence[Generated]) -> rouge.Lists:
    texts = [each.text for each in made[: len(examples)]]
    return rouge.score_all(texts, [summary_metrics.references(each) for each in examples]).stemmed


def tell(channel: Channel, pinned: Sequence[Example], made: Sequence[Generated], step: int) -> None:
    """Tell the first summaries, those of `pinned`, each with its score."""
    for example, each, rouge1 in zip(pinned, made, _rouge(pinned, made)["rouge1"], strict=False):
        channel.emit(
            "sample_made",
            step=step,
            example=example.id,
            conversation=example.conversation[:SHOWN_CHARACTERS],
            reference=example.summary,
            summary=each.text,
            rouge1=rouge1,
        )
