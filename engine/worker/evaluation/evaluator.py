"""Scores a base model and its adapters under one protocol, example by example.

Prompts become summaries, summaries become one value per metric and example, and these become means with intervals,
and paired differences from the base model. Knows nothing of how adapters are trained, nor of how scores are reported.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from transformers import PreTrainedTokenizerBase

from engine.adapters.metadata import PromptFacts, ScoreCard, Scores, now_text
from engine.config.recipe import Recipe
from engine.errors import AppError
from engine.messages import say
from engine.runs.example_scores import ExampleScores, Texts, Written
from engine.scoring.comparison import SCORE
from engine.system import cache
from engine.text.conversations import Example
from engine.worker.dataset.chat_template import PromptFormat, has_template, template_error
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompter import Prompter
from engine.worker.dataset.prompting import in_format, make_prompter, prompter_from_metadata, scored_examples
from engine.worker.evaluation import general_loss
from engine.worker.evaluation.general_loss import GeneralLoss
from engine.worker.evaluation.protocol import cache_file, make_protocol, scoring_protocol
from engine.worker.generation.ctranslate2_runtime import CTranslate2Runtime
from engine.worker.generation.generate import generate
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.runtime.channel import Channel
from engine.worker.text_metrics import summary_metrics
from engine.worker.text_metrics.example_languages import tell_languages
from engine.worker.text_metrics.summary_metrics import Differences, ExampleMetrics, PartialValues, Protocol

BASE = "base"
# Examples on which prompt formats are compared; the best one is then scored on all.
COMPARED_EXAMPLES = 100
# Part of every cached file's name: raised when the same summaries get other scores, or scores are stored otherwise.
CACHE_FORMAT = 3


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


@dataclass(frozen=True)
class Evaluator:
    """Scores models made of one base model on a recipe's examples; the recipe's prompt format is resolved."""

    channel: Channel
    base: LoadedBase
    recipe: Recipe
    splits: Splits

    def score_base(self, runtime: CTranslate2Runtime | None = None) -> Evaluation:
        """Return the base model's evaluation, from the cache where nothing has changed. Raises Stopped.

        It is scored in the best of its prompt formats, the recipe's own in a tie: a base model that answers badly only
        because of the format is no fair opponent of an adapter. Raises AppError where the recipe's own format can't be
        scored; of another one a notice says so. `runtime` writes the summaries in place of the engine.
        """
        recipe, draws = self.recipe, self.recipe.evaluation.bootstrap
        examples = scored_examples(recipe, self.splits)
        own, *others = prompt_formats(recipe, self.base.tokenizer)
        compared = examples[:COMPARED_EXAMPLES] if others else examples
        measured = {own: self._measure_base(own, compared, runtime)}
        for name in others:
            try:
                measured[name] = self._measure_base(name, compared, runtime)
            except AppError as error:
                self.channel.notice(
                    say("The base model can't be scored in {} format: {}", name, error.message), error.hint
                )
        tried = {name: float(np.mean(values.rouge[SCORE])) for name, values in measured.items()}
        best = max(tried, key=tried.__getitem__)
        values = measured[best]
        if len(compared) < len(examples):
            values = self._measure_base(best, examples, runtime, begun=values)
        general = general_loss.measure_base(self.channel, self.base, recipe)
        protocol = scoring_protocol(recipe, self.splits, runtime)
        if len(tried) > 1:
            protocol["base_form"] = {"prompt_format": best, "of": sorted(tried), "examples": len(compared)}
        return Evaluation(
            BASE,
            0,
            protocol | (general.text.facts() if general else {}),
            values,
            scores=summary_metrics.intervals(values.rouge, draws),
            metrics=summary_metrics.intervals(_all_metrics(values, general), draws),
            base_forms={str(name): mean for name, mean in tried.items()} if len(tried) > 1 else {},
            general=general,
        )

    def _measure_base(
        self,
        prompt_format: PromptFormat,
        examples: Sequence[Example],
        runtime: CTranslate2Runtime | None,
        begun: ExampleMetrics | None = None,
    ) -> ExampleMetrics:
        """Return the base model's metrics on examples, cached or computed; `begun` are those of the first ones."""
        base, recipe = self.base, in_format(self.recipe, prompt_format)
        evaluation = recipe.evaluation
        protocol = make_protocol(recipe, self.splits, evaluation.split, examples, evaluation.beams, runtime)
        prompter = make_prompter(recipe, base, self.splits)
        facts = {"format": CACHE_FORMAT, "protocol": protocol, "prompter": prompter.identity}
        file = cache_file("scores", base, facts)
        values = cache.load(file, ExampleMetrics)
        if values is not None:
            return values
        languages = tell_languages(examples, evaluation.language)
        if begun is not None:
            # Among all examples, the first ones may be taken for another language than by themselves.
            alone = tell_languages(examples[: len(begun.examples)], evaluation.language)
            begun = begun if tuple(alone) == tuple(languages[: len(alone)]) else None
        done = len(begun.examples) if begun else 0
        values = measure_model(
            self.channel, base, base.model, recipe, examples[done:], prompter, languages[done:], runtime
        )
        values = begun.followed_by(values) if begun else values
        cache.save(file, values)
        return values

    def score(
        self,
        model: Model,
        of: str,
        step: int,
        baseline: Evaluation,
        prompt: PromptFacts | None = None,
        runtime: CTranslate2Runtime | None = None,
    ) -> Evaluation:
        """Return the evaluation of `model` with its active adapter, paired with the base model's, `baseline`.

        `prompt` replaces the recipe's prompt; the recipe's token limits apply all the same. `runtime` writes the
        summaries in place of the engine, and must have done so for the base model too.
        """
        recipe, draws = self.recipe, self.recipe.evaluation.bootstrap
        prompter = make_prompter(recipe, self.base, self.splits)
        if prompt is not None:
            limits = recipe.data.max_conversation_tokens, recipe.data.max_summary_tokens
            prompter = prompter_from_metadata(prompt, self.base, *limits)
        examples = scored_examples(recipe, self.splits)
        values = measure_model(self.channel, self.base, model, recipe, examples, prompter, runtime=runtime)
        general = None
        if prompt is None and baseline.general is not None:
            general = general_loss.measure(self.channel, self.base, model, recipe, baseline.general.text)
        metrics, before = _all_metrics(values, general), _all_metrics(baseline.values, baseline.general)
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


def prompt_formats(recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> list[PromptFormat]:
    """Return the formats in which the base model is scored, the recipe's own first."""
    own: PromptFormat = "chat" if recipe.data.prompt_format == "chat" else "plain"
    other: PromptFormat = "plain" if own == "chat" else "chat"
    can_chat = has_template(tokenizer) and template_error(tokenizer) is None
    return [own, other] if can_chat and recipe.evaluation.base_forms == "auto" else [own]


def _all_metrics(values: ExampleMetrics, general: GeneralLoss | None) -> PartialValues:
    """Return the metrics of the summaries, and the loss on general text."""
    return {**values.metrics, **(general.as_metric() if general else {})}


def measure_model(
    channel: Channel,
    base: LoadedBase,
    model: Model,
    recipe: Recipe,
    examples: Sequence[Example],
    prompter: Prompter,
    languages: Sequence[str] | None = None,
    runtime: CTranslate2Runtime | None = None,
) -> ExampleMetrics:
    """Summarise examples as the recipe decodes, and return every metric of each summary. Raises Stopped.

    `languages` are those of the examples, told from them unless given. `runtime` writes in place of `model`.
    """
    languages = languages or tell_languages(examples, recipe.evaluation.language)
    truncated_before = prompter.truncated_conversations
    prompts = [prompter.input_ids(example.conversation) for example in examples]
    started, done = time.perf_counter(), itertools.count(1)
    channel.progress(0, len(prompts), "summaries")
    write = partial(generate, model, base.tokenizer, base.family) if runtime is None else runtime.generate
    summaries = write(
        prompts,
        beams=recipe.evaluation.beams,
        max_new_tokens=recipe.evaluation.max_new_tokens,
        on_tick=channel.check_stop,
        on_written=lambda *_: channel.progress(next(done), len(prompts), "summaries"),
        end_tokens=prompter.end_tokens,
    )
    seconds = time.perf_counter() - started
    truncated = prompter.truncated_conversations - truncated_before
    return summary_metrics.measure(examples, summaries, truncated, seconds, languages)
