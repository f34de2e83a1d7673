"""The protocol of a score: everything that decides it but the model. Scores of equal protocols are comparable.

Also the files in which what a base model computes is cached, by the model and all else that decides it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.config.recipe import Recipe
from engine.system import cache
from engine.system.versions import versions
from engine.text.conversations import Example
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import scored_examples, shot_examples
from engine.worker.generation.ctranslate2_runtime import CTranslate2Runtime
from engine.worker.ingestion.sources import Split
from engine.worker.kernels import registry
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.text_metrics.example_languages import tell_languages
from engine.worker.text_metrics.summary_metrics import Protocol, scored_texts


def scoring_protocol(recipe: Recipe, splits: Splits, runtime: CTranslate2Runtime | None = None) -> Protocol:
    """Return the protocol under which a recipe, its prompt format resolved, scores the base model and its adapters.

    An adapter that consists of a prompt is scored under it too. Its prompt replaces the protocol's and is
    reported beside its scores; examples, limits and decoding are the same.
    """
    examples, evaluation = scored_examples(recipe, splits), recipe.evaluation
    return make_protocol(recipe, splits, evaluation.split, examples, evaluation.beams, runtime)


def make_protocol(
    recipe: Recipe,
    splits: Splits,
    split: Split,
    examples: Sequence[Example],
    beams: int,
    runtime: CTranslate2Runtime | None = None,
) -> Protocol:
    """Return the protocol of a recipe's prompt and limits on any examples of a split, decoded with `beams`.

    It names a `runtime` that is not Tunesmith's own: scores by different ones are not comparable.
    """
    shots = shot_examples(recipe, splits)
    languages = tell_languages(examples, recipe.evaluation.language)
    return {
        **scored_texts(splits.source, split, examples, languages, shots),
        "prompt": recipe.data.prompt,
        "prompt_format": recipe.data.prompt_format,
        "shots": len(shots),
        "max_conversation_tokens": recipe.data.max_conversation_tokens,
        "beams": beams,
        "max_new_tokens": recipe.evaluation.max_new_tokens,
        **({"runtime": runtime.facts} if runtime else {}),
    }


def cache_file(kind: str, base: LoadedBase, facts: dict[str, Any]) -> Path:
    """Return the cache file of what a base model computes from `facts`, by all else that can change an output."""
    settings = {
        "base": base.fingerprint,
        "precision": base.precision,
        "quantization": base.options.quantization,
        "double_quantization": base.options.double_quantization,
        "device": base.device.type,
        # Scores made by a fault of an earlier version must not survive its mending.
        "versions": versions(),
        "patches": registry.active(base.device.type, base.precision),
    }
    return cache.place(kind, facts | settings)
