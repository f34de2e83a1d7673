"""The job `train`: from a recipe to a scored adapter in the library, from top to bottom."""

from __future__ import annotations

import gc
import time
import traceback
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial

from engine.adapters import library
from engine.adapters.library import Adapter
from engine.adapters.metadata import TrainingFacts
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.messages import say
from engine.runs import example_scores, run_store
from engine.worker.adapters import attach
from engine.worker.dataset import dataset, token_counter
from engine.worker.dataset.collator import Collator, micro_batch_tokens
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import (
    make_prompter,
    notices,
    pinned_examples,
    prompt_facts,
    resolve_format,
    resolve_limits,
    scored_examples,
    training_examples,
    with_plain_prompt,
)
from engine.worker.dataset.token_cache import tokenize
from engine.worker.evaluation import reporting, samples
from engine.worker.evaluation.evaluator import Evaluator
from engine.worker.modeling.architecture import architecture_of
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.planning import planner
from engine.worker.planning.fallback_search import FallbackSearch, out_of_memory_error
from engine.worker.planning.requirements import Processes
from engine.worker.runtime import devices, oom, rank_group, rank_joining, rank_meeting
from engine.worker.runtime.channel import Channel, Stopped
from engine.worker.training import adapter_store, checkpoints, rank_models, training_loop
from engine.worker.training.adapter_store import make_metadata, make_prompt_metadata
from engine.worker.training.reporting import (
    report_changes,
    report_started,
    report_truncated_texts,
    report_untrained,
)
from engine.worker.training.training_run import TrainingRun, liger_kernels


@dataclass
class _Reached:
    """How far a run has come: `run` is there once it trains, and its adapter is `saved` afterwards."""

    run: TrainingRun | None = None
    saved: bool = False


def run(channel: Channel, request: dict[str, object]) -> None:  # noqa: ARG001 - all jobs have it
    """Train by the job's recipe. Raises OutOfMemoryError where memory does not suffice, with fallbacks reported."""
    recipe = _sharded_as_asked(channel, recipes.load(channel.job.recipe_path))
    if adapter_store.is_completed(channel):
        adapter_store.report_again(channel)
        return
    # Conversations first: what is wrong with them should not have to wait for a base model.
    report_changes(channel, recipe)
    channel.enter("read_data")
    splits = dataset.read(
        recipe.data, channel, counter=partial(token_counter.fetch_counter, recipe.base_model, channel)
    )
    channel.enter("load_base")
    processes = Processes(rank_joining.launched() or devices.processes_on(recipe.training.device))
    planning, reached = planner.Planner(channel, tells_time=False, processes=processes), _Reached()
    planned = planning.require_feasible(recipe, splits)
    try:
        with rank_joining.joined(channel, max(processes.count, planned.get("replicas", 1))):
            _carry_out(channel, recipe, splits, planned, reached)
    except (RuntimeError, MemoryError, oom.MemoryExceeded) as error:
        if reached.saved or not recipe.method.method.trains or not oom.is_oom(error):
            raise
        traceback.print_exc()
        lacking, killed = _lacking(error, recipe), isinstance(error, oom.ProcessKilled)
    else:
        return
    # Only now, the error being gone, is what the failed step held free again.
    search = FallbackSearch(planning, recipe, splits, run_store.last_step(channel.job))
    facts = _report_fallbacks(channel, search, reached.run, lacking)
    raise out_of_memory_error(facts, rank_killed=killed)


def _carry_out(
    channel: Channel, recipe: Recipe, splits: Splits, planned: planner.Result, reached: _Reached
) -> None:
    """Score the base, then train the adapter, save it, score it and compare."""
    base = rank_models.load(recipe, channel)
    recipe = resolve_limits(resolve_format(channel, recipe, base.tokenizer), base, splits)
    if not recipe.method.method.trains:
        if recipe.training.shard:
            rank_models.share_base(base, base.model, recipe)
        with rank_models.writing(channel, base, recipe, len(scored_examples(recipe, splits))):
            _score_prompt(channel, recipe, base, splits)
        return
    prompter = make_prompter(recipe, base, splits)
    train = tokenize(training_examples(recipe, splits), prompter, channel)
    validation = tokenize(splits.validation, prompter, channel)
    report_truncated_texts(channel, recipe, prompter)
    # Before an adapter is part of the model.
    architecture = architecture_of(base.model)
    # What all ranks together compute at a time; GPUs have memory of their own each.
    apart = 1 if base.device.type in oom.SHARED_MEMORY else rank_group.size()
    tokens: int = planned.get("micro_batch_tokens") or apart * micro_batch_tokens(
        recipe.training, base.device.type, architecture.activations_per_token
    )
    collator = Collator(base.family, base.tokenizer.pad_token_id, tokens)
    evaluator = Evaluator(channel, base, recipe, splits)
    model = None
    if recipe.training.shard:
        # Before it is scored, since it may fit no GPU as a whole; an adapter is made where weights are whole.
        channel.enter("attach_adapter")
        model = rank_models.attach_adapter(base, recipe, train, collator)
    channel.enter("evaluate")
    with attach.active(model, None) if model else nullcontext():
        baseline = evaluator.score_base()
    reporting.report(evaluator, baseline)
    if model is None:
        channel.enter("attach_adapter")
        model = rank_models.attach_adapter(base, recipe, train, collator)
    training = reached.run = TrainingRun(
        channel=channel,
        recipe=recipe,
        splits=splits,
        base=base,
        model=model,
        train=train,
        validation=validation,
        prompter=prompter,
        collator=collator,
        chosen=samples.choose(recipe, splits),
        planned_memory=planned.get("memory", {}),
    )
    checkpoint = checkpoints.newest_valid(
        channel.job,
        lambda folder, reason: channel.notice(
            say("{} is damaged and is skipped: {}.", folder.name, reason),
            "The one before it is used.",
            "warning",
        ),
    )
    channel.enter("train")
    with liger_kernels(training) as liger:
        report_started(training, checkpoint, architecture, planned, liger)
        outcome = training_loop.TrainingLoop(training, checkpoint).train()
    step = training.saved_step if outcome.finished else training.step
    adapter = _saved(channel, training, outcome, step)
    reached.saved = True
    if not outcome.finished:
        raise Stopped
    channel.enter("evaluate")
    evaluation = evaluator.score(training.model, adapter.id, step, baseline)
    reporting.report(evaluator, evaluation)
    example_scores.save(channel.job.folder, evaluation.by_example(baseline, scored_examples(recipe, splits)))
    library.add_score(adapter, evaluation.card(baseline))


def _saved(channel: Channel, training: TrainingRun, outcome: training_loop.Outcome, step: int) -> Adapter:
    """Store a run's adapter in the library and return it. Raises Stopped if there is nothing to store."""
    if outcome.device_released:
        # A pause: the checkpoint is written, and an unfinished run makes no adapter.
        channel.emit("run_paused", step=training.step, frees_device=True)
        raise Stopped
    channel.enter("save")
    if training.step == 0:
        raise Stopped
    metadata = make_metadata(training, step, stopped=not outcome.finished)
    return adapter_store.store(channel, metadata, partial(attach.save_adapter, training.model))


def _score_prompt(channel: Channel, recipe: Recipe, base: LoadedBase, splits: Splits) -> None:
    """Train nothing: score the base model with the plain prompt and with the recipe's, and store the latter.

    The adapter consists of its metadata: the prompt with its examples. Nothing is saved before it is scored, so that a
    run which is stopped leaves nothing behind.
    """
    if channel.job.last_attempt() > 1:
        channel.emit("run_resumed", step=0)
    began = time.perf_counter()
    # The examples in the prompt know their summaries, so nobody is asked for them: neither with nor without it.
    asked = replace(splits, train=training_examples(recipe, splits))
    plain = with_plain_prompt(recipe)
    evaluator = Evaluator(channel, base, plain, asked)
    for notice in notices(recipe):
        channel.notice(**notice)
    channel.enter("evaluate")
    baseline = evaluator.score_base()
    reporting.report(evaluator, baseline)
    report_untrained(channel, base, asked)
    channel.enter("evaluate")
    prompter, pinned = make_prompter(recipe, base, splits), pinned_examples(splits)
    summaries = samples.summarize(
        channel, base, base.model, prompter, pinned, max_new_tokens=recipe.evaluation.max_new_tokens
    )
    samples.report(channel, pinned, summaries, 0, recipe.evaluation.language)
    prompt = prompt_facts(recipe, splits, prompter.format)
    evaluation = evaluator.score(base.model, channel.job.id, 0, baseline, prompt)
    channel.enter("save")
    training = TrainingFacts(
        run=channel.job.id,
        seconds=time.perf_counter() - began,
        seed=recipe.training.seed,
        all_parameters=base.model.num_parameters(),
        peak_memory_bytes=devices.memory_bytes(base.device),
    )
    metadata = make_prompt_metadata(channel.job.id, recipe.name, recipe, base, splits, prompt, training)
    adapter_store.store(channel, metadata.with_score(evaluation.card(baseline)), lambda _: None)
    example_scores.save(channel.job.folder, evaluation.by_example(baseline, scored_examples(plain, asked)))
    reporting.report(evaluator, evaluation)


def _sharded_as_asked(channel: Channel, recipe: Recipe) -> Recipe:
    """Return the recipe with a sharded base model if `accelerate launch` is configured for it."""
    rank = rank_meeting.place()
    if rank is None or not rank.shards:
        return recipe
    if rank.fsdp_version != 2:
        channel.notice(
            say("Version {} of FSDP is configured; version 2 is used.", rank.fsdp_version),
            "Version 1 can't keep an adapter whole.",
        )
    return replace(recipe, training=recipe.training.model_copy(update={"shard": True}))


def _lacking(error: BaseException, recipe: Recipe) -> oom.MemoryExceeded:
    """Return what is needed and what is there; of a step that failed only that it needs more than there is.

    Of a killed process not even that is known: another program may have taken the memory.
    """
    if isinstance(error, oom.MemoryExceeded):
        return error.with_traceback(None)
    available = devices.available_bytes(devices.choose(recipe.training.device))
    return oom.MemoryExceeded(0 if isinstance(error, oom.ProcessKilled) else available, available)


def _report_fallbacks(
    channel: Channel, search: FallbackSearch, training: TrainingRun | None, lacking: oom.MemoryExceeded
) -> planner.Result:
    """Report and return the memory fallbacks, with the needed and the available bytes."""
    if training is not None:
        training.model.zero_grad()
        gc.collect()
        devices.free_unused(training.base.device)
    facts = search.run(lacking, weights_only=training is None)
    channel.emit("memory_exceeded", step=training.step if training else 0, **facts)
    return facts
