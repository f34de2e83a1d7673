"""Reports evaluations: the event `evaluated`, and notices about the scored data, prompts and summaries."""

from __future__ import annotations

import torch

from engine.adapters.library import Adapter
from engine.config.recipe import Recipe
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import shot_examples
from engine.worker.evaluation.evaluator import BASE, Evaluation
from engine.worker.evaluation.summary_metrics import ExampleMetrics
from engine.worker.runtime import devices
from engine.worker.runtime.channel import Channel

# Fewer summaries than this fraction may reach the length limit without a notice.
NOTABLE_TRUNCATION = 0.05


def report(channel: Channel, evaluation: Evaluation, recipe: Recipe, device: torch.device) -> None:
    """Emit an evaluation with its notices; those about the data come once, with the base model's evaluation."""
    if evaluation.of == BASE:
        _report_data(channel, evaluation.values, recipe)
    channel.emit(
        "evaluated",
        step=evaluation.step,
        split=recipe.evaluation.split,
        of=evaluation.of,
        protocol=evaluation.protocol,
        loss=None,
        scores=evaluation.scores,
        difference=evaluation.difference,
        measures=evaluation.metrics,
        measure_difference=evaluation.metric_difference,
        capped=evaluation.values.truncated_fraction,
        seconds=round(evaluation.values.seconds, 3),
        tokens_per_second=round(evaluation.values.tokens_per_second, 1),
        memory_bytes=devices.memory_bytes(device),
        **({} if evaluation.prompt is None else {"prompt": evaluation.prompt}),
    )
    _report_summaries(channel, evaluation, recipe)


def report_other_prompt(channel: Channel, adapter: Adapter, recipe: Recipe, splits: Splits) -> None:
    """Emit a notice if an adapter was trained with another prompt than it is scored with."""
    trained_with, texts = (
        adapter.metadata.prompt,
        [shot.conversation for shot in shot_examples(recipe, splits)],
    )
    if trained_with is None:
        return
    same_shots = [shot.conversation for shot in trained_with.shots] == texts
    if trained_with.template != recipe.data.prompt or not same_shots:
        channel.notice(
            f"{adapter.name} was trained with another prompt than the recipe's.",
            "It is scored with the recipe's prompt, like the base.",
        )


def _report_summaries(channel: Channel, evaluation: Evaluation, recipe: Recipe) -> None:
    """Emit notices if many summaries were truncated or some are empty."""
    values = evaluation.values
    whose = "the base model's summaries" if evaluation.of == BASE else "the tuned model's summaries"
    whose = whose if evaluation.prompt is None else "the summaries written with this prompt"
    if values.truncated_fraction > NOTABLE_TRUNCATION:
        limit = recipe.evaluation.max_new_tokens
        channel.notice(
            f"{values.truncated_fraction * 100:.0f} % of {whose} reach {limit} tokens and are cut there.",
            "Raise the longest summary (evaluation.max_new_tokens) to score them whole.",
        )
    pairs = zip(values.summaries, values.metrics["capped"], strict=True)
    empty = sum(not summary and not truncated for summary, truncated in pairs)
    if empty:
        channel.notice(
            f"{empty:,} of {len(values.summaries):,} of {whose} are empty.",
            "The model ends them before the first word. An empty summary scores 0.",
            "warning",
        )


def _report_data(channel: Channel, values: ExampleMetrics, recipe: Recipe) -> None:
    """Emit notices about scored examples that no model reads whole or ROUGE can't read."""
    if values.cut:
        channel.notice(
            f"{values.cut:,} of {len(values.examples):,} scored conversations are longer than "
            f"{recipe.data.max_conversation_tokens} tokens and lose their end.",
            "Raise data.max_conversation_tokens to keep them whole.",
        )
    if values.unreadable:
        channel.notice(
            f"{values.unreadable:,} of {len(values.examples):,} reference summaries hold no letter that "
            "ROUGE reads.",
            "It compares a to z and 0 to 9 alone: summaries in other scripts score 0.",
            "warning",
        )
