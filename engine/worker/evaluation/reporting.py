"""Reports evaluations: the event `evaluated`, and notices about the scored data, prompts and summaries."""

from __future__ import annotations

from engine.adapters.library import Adapter
from engine.config.recipe import Recipe
from engine.messages import say
from engine.worker.dataset.prompting import notices_of_other_format, shot_examples
from engine.worker.evaluation.evaluator import BASE, Evaluation, Evaluator
from engine.worker.runtime import devices
from engine.worker.runtime.channel import Channel
from engine.worker.text_metrics import summary_metrics
from engine.worker.text_metrics.summary_metrics import ExampleMetrics

# Fewer summaries than this fraction may reach the length limit without a notice.
NOTABLE_TRUNCATION = 0.05


def report(evaluator: Evaluator, evaluation: Evaluation) -> None:
    """Emit an evaluation with its notices; those about the data come once, with the base model's evaluation."""
    channel, recipe = evaluator.channel, evaluator.recipe
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
        memory_bytes=devices.memory_bytes(evaluator.base.device),
        **({} if evaluation.prompt is None else {"prompt": evaluation.prompt}),
        **({} if not evaluation.base_forms else {"base_forms": evaluation.base_forms}),
    )
    _report_summaries(channel, evaluation, recipe)


def report_other_prompt(evaluator: Evaluator, adapter: Adapter) -> None:
    """Emit a notice if an adapter was trained with another prompt than it is scored with."""
    channel, recipe, trained_with = evaluator.channel, evaluator.recipe, adapter.metadata.prompt
    if trained_with is None:
        return
    texts = [shot.conversation for shot in shot_examples(recipe, evaluator.splits)]
    same_shots = [shot.conversation for shot in trained_with.shots] == texts
    for notice in notices_of_other_format(adapter, recipe.data.prompt_format):
        channel.notice(**notice)
    if trained_with.template != recipe.data.prompt or not same_shots:
        channel.notice(
            say("{} was trained with another prompt than the recipe's.", adapter.name),
            "Scored with the recipe's prompt.",
        )


def _report_summaries(channel: Channel, evaluation: Evaluation, recipe: Recipe) -> None:
    """Emit notices if many summaries were truncated or some are empty."""
    values = evaluation.values
    summaries = "summaries of the base model" if evaluation.of == BASE else "summaries of the tuned model"
    summaries = summaries if evaluation.prompt is None else "summaries written with this prompt"
    if values.truncated_fraction > NOTABLE_TRUNCATION:
        limit = recipe.evaluation.max_new_tokens
        channel.notice(
            say(
                "{:.0f} % of the {} are cut off at {} tokens.",
                values.truncated_fraction * 100,
                summaries,
                limit,
            ),
            "Raise the maximum length (evaluation.max_new_tokens).",
        )
    pairs = zip(values.summaries, values.metrics["capped"], strict=True)
    empty = sum(not summary and not truncated for summary, truncated in pairs)
    if empty:
        channel.notice(
            say("Empty: {:,} of {:,} {}.", empty, len(values.summaries), summaries),
            "An empty summary scores 0.",
            "warning",
        )


def _report_data(channel: Channel, values: ExampleMetrics, recipe: Recipe) -> None:
    """Emit notices about scored examples that no model reads whole or ROUGE can't read."""
    total = len(values.examples)
    if values.cut:
        limit = recipe.data.max_conversation_tokens
        channel.notice(
            say("Cut at {} tokens: {:,} of {:,} scored conversations.", limit, values.cut, total),
            "Raise the conversation limit (data.max_conversation_tokens).",
        )
    summary_metrics.report_unreadable(channel, values.unreadable, total, "evaluation.language")
