"""The protocol of a score: everything that decides it but the model. Scores of equal protocols are comparable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.config.recipe import Recipe
from engine.config.training import AUTO
from engine.text.conversations import Example
from engine.worker.adapters import attach
from engine.worker.dataset import dataset
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import scored_examples, shot_examples
from engine.worker.evaluation import rouge, summary_metrics
from engine.worker.evaluation.example_languages import tell_languages
from engine.worker.ingestion.sources import Split

Protocol = dict[str, Any]


def scoring_protocol(recipe: Recipe, splits: Splits) -> Protocol:
    """Return the protocol under which a recipe, its prompt's format settled, scores the base model and its adapters.

    An adapter that consists of a prompt is scored under it too. Its prompt replaces the protocol's and is
    reported beside its scores; examples, limits and decoding are the same.
    """
    examples, evaluation = scored_examples(recipe, splits), recipe.evaluation
    return make_protocol(recipe, splits, evaluation.split, examples, evaluation.beams)


def make_protocol(
    recipe: Recipe, splits: Splits, split: Split, examples: Sequence[Example], beams: int
) -> Protocol:
    """Return the protocol of a recipe's prompt and limits on any examples of a split, decoded with `beams`."""
    shots = shot_examples(recipe, splits)
    return {
        **scored_texts(splits.source, split, examples, shots, recipe.evaluation.language),
        "prompt": recipe.data.prompt,
        "prompt_format": recipe.data.prompt_format,
        "shots": len(shots),
        "max_conversation_tokens": recipe.data.max_conversation_tokens,
        "beams": beams,
        "max_new_tokens": recipe.evaluation.max_new_tokens,
    }


def scored_texts(
    source: str,
    split: str,
    examples: Sequence[Example],
    shots: Sequence[Example] = (),
    language: str = AUTO,
) -> Protocol:
    """Return the part of a protocol that holds for summaries of any origin: conversations and metric.

    `language` is that of the recipe, by which the metric reads words.
    """
    parts: dict[Split, Sequence[Example]] = {"train": shots, "validation": (), "test": examples}
    max_references = max((len(summary_metrics.references(example)) for example in examples), default=1)
    return {
        "split": split,
        "examples": len(examples),
        "data": {"source": attach.public_name(source), "fingerprint": dataset.fingerprint(parts)},
        "metric": rouge.protocol(tell_languages(examples, language)),
        # Absent without further references, so that scores of plain data keep their protocol.
        **({"references": {"most": max_references, "counted": "best"}} if max_references > 1 else {}),
    }
