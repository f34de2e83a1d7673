"""Scores a base model and its adapters under one protocol, example by example.

Prompts become summaries, summaries become one value per metric and example, and these become means with intervals,
and paired differences from the base model. Knows nothing of how adapters are trained, nor of how scores are reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.adapters.metadata import PromptFacts, ScoreCard, Scores, now_text
from engine.config.recipe import Recipe
from engine.runs.example_scores import ExampleScores, Texts, Written
from engine.text.conversations import Example
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import make_prompter, prompter_from_metadata, scored_examples
from engine.worker.evaluation import general_loss
from engine.worker.evaluation.base_forms import measure_best_form
from engine.worker.evaluation.general_loss import GeneralLoss
from engine.worker.evaluation.model_metrics import measure_model
from engine.worker.evaluation.protocol import scoring_protocol
from engine.worker.generation.ctranslate2_runtime import CTranslate2Runtime
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.runtime.channel import Channel
from engine.worker.text_metrics import summary_metrics
from engine.worker.text_metrics.summary_metrics import Differences, ExampleMetrics, PartialValues
from engine.worker.text_metrics.text_protocol import Protocol

BASE = "base"


@dataclass(frozen=True)
class Evaluation:
    """One model's scores under a protocol; `of` is `BASE` or an adapter's id, `step` the adapter's training step.

    `values` has one value per metric and example. `scores` (stemmed ROUGE) and `metrics` (all others) are their means
    with intervals. The differences are paired with the base model's values, and None for the base model. `prompt`
    describes the prompt of an adapter that consists of one, and is None otherwise. `base_forms` has the mean ROUGE-1 of
    each prompt format in which the base model was scored, if there were several. `general` is the loss on general text,
    None where it was not measured.
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
    base_forms: dict[str, float] = field(default_factory=dict)
    general: GeneralLoss | None = None

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
            base_forms=baseline.base_forms,
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


def score_base(
    channel: Channel,
    base: LoadedBase,
    recipe: Recipe,
    splits: Splits,
    runtime: CTranslate2Runtime | None = None,
) -> Evaluation:
    """Return the base model's evaluation in the best of its forms, from the cache where nothing has changed.

    `runtime` writes the summaries in place of the engine.
    """
    best, draws = measure_best_form(channel, base, recipe, splits, runtime), recipe.evaluation.bootstrap
    general = general_loss.measure_base(channel, base, recipe)
    return Evaluation(
        BASE,
        0,
        scoring_protocol(recipe, splits, runtime) | best.facts() | (general.text.facts() if general else {}),
        best.values,
        scores=summary_metrics.intervals(best.values.rouge, draws),
        metrics=summary_metrics.intervals(_all_metrics(best.values, general), draws),
        base_forms={str(form): mean for form, mean in best.tried.items()} if len(best.tried) > 1 else {},
        general=general,
    )


def _all_metrics(values: ExampleMetrics, general: GeneralLoss | None) -> PartialValues:
    """Return the metrics of the summaries, and the loss on general text."""
    return {**values.metrics, **(general.as_metric() if general else {})}


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
    runtime: CTranslate2Runtime | None = None,
) -> Evaluation:
    """Return the evaluation of `model` with its active adapter, paired with the base model's, `baseline`.

    `prompt` replaces the recipe's prompt; the recipe's token limits apply all the same. `runtime` writes the summaries
    in place of the engine, and must have done so for the base model too.
    """
    prompter = make_prompter(recipe, base, splits)
    if prompt is not None:
        limits = recipe.data.max_conversation_tokens, recipe.data.max_summary_tokens
        prompter = prompter_from_metadata(prompt, base, *limits)
    examples = scored_examples(recipe, splits)
    values = measure_model(channel, base, model, recipe, examples, prompter, runtime=runtime)
    general = None
    if prompt is None and baseline.general is not None:
        general = general_loss.measure(channel, base, model, recipe, baseline.general.text)
    metrics, before = _all_metrics(values, general), _all_metrics(baseline.values, baseline.general)
    draws = recipe.evaluation.bootstrap
    return Evaluation(
        of,
        step,
        baseline.protocol,
        values,
        scores=summary_metrics.intervals(values.rouge, draws),
        metrics=summary_metrics.intervals(metrics, draws),
        difference=summary_metrics.differences(baseline.values.rouge, values.rouge, draws),
        metric_difference=summary_metrics.differences(before, metrics, draws),
        prompt={"template": prompt.template, "shots": len(prompt.shots)} if prompt is not None else None,
        general=general,
    )
