"""Facts of a plan: counts of examples, tokens and parameters, and a preview of the label tokens."""

from __future__ import annotations

from typing import Any

from peft import PeftModel

from engine.config.recipe import Recipe
from engine.config.training import total_steps
from engine.worker.adapters import attach, method_hooks
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.example_preview import token_pieces
from engine.worker.dataset.prompting import make_prompter, training_examples, training_part
from engine.worker.dataset.token_counter import TokenLengths
from engine.worker.ingestion.sources import SPLITS
from engine.worker.ingestion.token_lengths import describe
from engine.worker.modeling.base_models import LoadedBase

Facts = dict[str, Any]


def amounts(recipe: Recipe, splits: Splits) -> Facts:
    """Return the counts of steps and examples, and the time limit."""
    train = training_examples(recipe, splits)
    return {
        "steps": total_steps(len(train), recipe.training)[0] if recipe.method.method.trains else 0,
        "max_minutes": recipe.training.max_minutes if recipe.method.method.trains else 0.0,
        "examples": {split: len(splits.of(split)) for split in SPLITS} | {"train": len(train)},
    }


def described(lengths: TokenLengths, limit: int) -> Facts:
    """Return the distributions of token lengths, and how many conversations are longer than `limit`."""
    conversations = [tokens for split in SPLITS for tokens in lengths.conversations(split)]
    return {
        "conversation": describe(conversations),
        "summary": describe([tokens for split in SPLITS for tokens in lengths.summaries(split)]),
        "over_limit": sum(tokens > limit for tokens in conversations),
    }


def without_adapter(base: LoadedBase) -> Facts:
    """Return the facts of an adapter for a base model that is not adapted."""
    return {
        **_counts(0, sum(parameter.numel() for parameter in base.model.parameters())),
        "adapter_bytes": 0,
        "sized_by_training": False,
        "matrices": 0,
        "targets": [],
        "adapted": {},
    }


def of_adapter(model: PeftModel) -> Facts:
    """Return the facts of the adapter on a model: parameters, bytes and adapted modules."""
    saved = method_hooks.of(model).saved_tensors(model)
    return {
        **_counts(*attach.count_parameters(model)),
        "adapter_bytes": sum(tensor.numel() * tensor.element_size() for tensor in saved.values()),
        "sized_by_training": method_hooks.of(model).sized_by_training,
        **attach.adapted_facts(model),
    }


def _counts(trainable: int, all_parameters: int) -> Facts:
    return {
        "trainable_parameters": trainable,
        "all_parameters": all_parameters,
        "share": trainable / max(1, all_parameters),
    }


def truncated(
    recipe: Recipe, base: LoadedBase, splits: Splits, lengths: TokenLengths
) -> list[tuple[int, int]]:
    """Return the input and label tokens that training sees: truncated, with prompt and end token."""
    prompter = make_prompter(recipe, base, splits)
    around, end = len(prompter.input_ids("")), prompter.num_end_tokens
    limit, summary_limit = recipe.data.max_conversation_tokens, recipe.data.max_summary_tokens
    conversations = training_part(recipe, lengths.conversations)
    summaries = training_part(recipe, lengths.summaries)
    return [
        (around + min(conversation, limit), min(summary + end, summary_limit))
        for conversation, summary in zip(conversations, summaries, strict=True)
    ]


def label_preview(recipe: Recipe, base: LoadedBase, splits: Splits) -> list[tuple[str, bool]]:
    """Return the first training example as pieces of text and whether each is a label; empty without training."""
    examples = training_examples(recipe, splits)
    if not examples or not recipe.method.method.trains:
        return []
    return token_pieces(base.tokenizer, make_prompter(recipe, base, splits).example(examples[0]), base.family)
