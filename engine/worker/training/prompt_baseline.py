"""A run that trains nothing: the base model with the recipe's prompt against itself with the plain one.

Its result is the prompt with its examples, as an adapter that consists of its metadata.
"""

from __future__ import annotations

import time
from dataclasses import replace

from engine.config.recipe import Recipe
from engine.runs import example_scores
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import (
    make_prompter,
    notices,
    pinned_examples,
    prompt_facts,
    scored_examples,
    training_examples,
    with_plain_prompt,
)
from engine.worker.evaluation import evaluator, reporting, samples
from engine.worker.kernels import registry
from engine.worker.modeling.architecture import architecture_of
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime import devices
from engine.worker.runtime.channel import Channel
from engine.worker.training.saving import adapter_store
from engine.worker.training.saving.adapter_metadata import make_prompt_metadata


def score_prompt(channel: Channel, recipe: Recipe, base: LoadedBase, splits: Splits) -> None:
    """Score the base with a plain prompt and with the recipe's, and put the latter into the library.

    Nothing is saved before it is scored, so that a run which is stopped leaves nothing behind.
    """
    if channel.job.last_attempt() > 1:
        channel.emit("run_resumed", step=0)
    began = time.perf_counter()
    # The examples in the prompt know their summaries, so nobody is asked for them: neither with nor without it.
    asked = replace(splits, train=training_examples(recipe, splits))
    plain = with_plain_prompt(recipe)
    for notice in notices(recipe):
        channel.notice(**notice)
    channel.enter("evaluate")
    baseline = evaluator.score_base(channel, base, plain, asked)
    reporting.report(channel, baseline, plain, base.device)
    _emit_started(channel, base, asked)
    channel.enter("evaluate")
    prompter = make_prompter(recipe, base, splits)
    summaries = samples.summarize(
        channel,
        base,
        base.model,
        prompter,
        pinned_examples(splits),
        max_new_tokens=recipe.evaluation.max_new_tokens,
    )
    samples.report(channel, pinned_examples(splits), summaries, 0, recipe.evaluation.language)
    prompt = prompt_facts(recipe, splits, prompter.format)
    evaluation = evaluator.score(
        channel, base, base.model, plain, asked, channel.job.id, 0, baseline=baseline, prompt=prompt
    )
    channel.enter("save")
    seconds = time.perf_counter() - began
    metadata = make_prompt_metadata(channel.job.id, recipe, base, splits, prompt, seconds)
    # There are no weights: the metadata and the recipe are all of it.
    adapter_store.store(channel, metadata.with_score(evaluation.card(baseline)), lambda _: None)
    example_scores.save(channel.job.folder, evaluation.by_example(baseline, scored_examples(plain, asked)))
    reporting.report(channel, evaluation, plain, base.device)


def _emit_started(channel: Channel, base: LoadedBase, splits: Splits) -> None:
    shape = architecture_of(base.model)
    channel.emit(
        "run_started",
        total_steps=0,
        first_step=0,
        trainable_parameters=0,
        all_parameters=shape.num_parameters,
        base_parameters=shape.num_parameters,
        device=devices.name(base.device),
        **devices.card(base.device),
        threads=base.threads,
        precision=base.precision,
        precision_reason=base.precision_reason,
        examples={"train": len(splits.train), "validation": len(splits.validation), "test": len(splits.test)},
        excluded=splits.excluded,
        masked=splits.masked,
        family=base.family,
        matrices=0,
        targets=[],
        modules=shape.modules(),
        blocks=shape.blocks(),
        learning_rate=0.0,
        patches=registry.active(base.device.type, base.precision),
    )
