"""Scores a base model and its adapters under one protocol, example by example.

Prompts become summaries, summaries become one value per metric and example, and these become means with intervals,
and paired differences from the base model. Knows nothing of how adapters are trained, nor of how scores are reported.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.adapters.metadata import PromptFacts, ScoreCard, Scores, now_text
from engine.config.recipe import Recipe
from engine.runs.example_scores import ExampleScores, Texts, Written
from engine.text.conversations import Example
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import Prompter, make_prompter, prompter_from_metadata, scored_examples
from engine.worker.evaluation import score_cache, summary_metrics
from engine.worker.evaluation.protocol import Protocol, scoring_protocol
from engine.worker.evaluation.summary_metrics import Differences, ExampleMetrics
from engine.worker.generation.generate import Generated, generate
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.runtime.channel import Channel

BASE = "base"


@dataclass(frozen=True)
class Evaluation:
    """One model's scores under a protocol; `of` is `BASE` or an adapter's id, `step` the adapter's training step.

    `values` has one value per metric and example. `scores` (stemmed ROUGE) and `metrics` (all others) are their means
    with intervals. The differences are paired with the base model's values, and None for the base model. `prompt`
    describes the prompt of an adapter that consists of one, and is None otherwise.
    """

    of: str
    step: int
    protocol: Protocol
    values: ExampleMetrics
    scores: Scores
    metrics: Scores
    difference: Differences | None = None
    metric_difference: Differences | None = None
    prompt: dict[str, Any] | None = None

    def card(self, baseline: Evaluation) -> ScoreCard:
        """Return the scores as an adapter's metadata stores them."""
        return ScoreCard(
            protocol=self.protocol,
            base=baseline.scores,
            scores=self.scores,
            difference=self.difference or {},
            base_measures=baseline.metrics,
            measures=self.metrics,
            measure_difference=self.metric_difference or {},
            capped=self.values.truncated_fraction,
            scored_at=now_text(),
        )

    def by_example(self, baseline: Evaluation, examples: Sequence[Example]) -> ExampleScores:
        """Return summaries and scores of base and adapter on each scored example, as a run stores them."""
        return ExampleScores(
            schema=1,
            protocol=self.protocol,
            examples=self.values.examples,
            base=_stored(baseline.values),
            tuned=_stored(self.values),
            texts=tuple(
                Texts(conversation=example.conversation, references=summary_metrics.references(example))
                for example in examples
            ),
        )


def _stored(values: ExampleMetrics) -> Written:
    return Written(
        summaries=values.summaries,
        rouge={name: tuple(each) for name, each in values.rouge.items()},
        metrics={name: tuple(each) for name, each in values.metrics.items()},
    )


def score_base(channel: Channel, base: LoadedBase, recipe: Recipe, splits: Splits) -> Evaluation:
    """Return the base model's evaluation, from the cache where nothing that decides it has changed."""
    protocol = scoring_protocol(recipe, splits)
    values = score_cache.load(protocol, base)
    if values is None:
        prompter = make_prompter(recipe, base, splits)
        values = _example_metrics(channel, base, base.model, recipe, splits, prompter)
        score_cache.save(protocol, base, values)
    draws = recipe.evaluation.bootstrap
    return Evaluation(
        BASE,
        0,
        protocol,
        values,
        scores=summary_metrics.intervals(values.rouge, draws),
        metrics=summary_metrics.intervals(values.metrics, draws),
    )


def score(
    channel: Channel,
    base: LoadedBase,
    model: Model,
    recipe: Recipe,
    splits: Splits,
    of: str,
    step: int,
    baseline: Evaluation,
    prompt: PromptFacts | None = None,
) -> Evaluation:
    """Return the evaluation of `model` with its active adapter, paired with the base model's, `baseline`.

    `prompt` replaces the recipe's prompt; the recipe's token limits apply all the same.
    """
    prompter = make_prompter(recipe, base, splits)
    if prompt is not None:
        limits = recipe.data.max_conversation_tokens, recipe.data.max_summary_tokens
        prompter = prompter_from_metadata(prompt, base, *limits)
    values = _example_metrics(channel, base, model, recipe, splits, prompter)
    draws = recipe.evaluation.bootstrap
    return Evaluation(
        of,
        step,
        scoring_protocol(recipe, splits),
        values,
        scores=summary_metrics.intervals(values.rouge, draws),
        metrics=summary_metrics.intervals(values.metrics, draws),
        difference=summary_metrics.differences(baseline.values.rouge, values.rouge, draws),
        metric_difference=summary_metrics.differences(baseline.values.metrics, values.metrics, draws),
        prompt={"template": prompt.template, "shots": len(prompt.shots)} if prompt is not None else None,
    )


def _example_metrics(
    channel: Channel, base: LoadedBase, model: Model, recipe: Recipe, splits: Splits, prompter: Prompter
) -> ExampleMetrics:
    """Summarise the scored examples and return every metric of each summary. Raises Stopped."""
    examples = scored_examples(recipe, splits)
    prompts = [prompter.input_ids(example.conversation) for example in examples]
    started = time.perf_counter()
    summaries = _summaries(channel, base, model, recipe, prompts)
    seconds = time.perf_counter() - started
    return summary_metrics.measure(examples, summaries, prompter.truncated_conversations, seconds)


def _summaries(
    channel: Channel, base: LoadedBase, model: Model, recipe: Recipe, prompts: Sequence[list[int]]
) -> list[Generated]:
    """Generate a summary per prompt, reporting the progress."""
    channel.progress(0, len(prompts), "summaries")
    done = itertools.count(1)
    return generate(
        model,
        base.tokenizer,
        base.family,
        prompts,
        beams=recipe.evaluation.beams,
        max_new_tokens=recipe.evaluation.max_new_tokens,
        on_tick=channel.check_stop,
        on_written=lambda *_: channel.progress(next(done), len(prompts), "summaries"),
    )
