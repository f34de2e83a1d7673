"""The job `train`: from a recipe to a scored adapter in the library, told from top to bottom."""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.adapters import library
from engine.adapters import metadata as adapter_toml
from engine.adapters.library import Adapter
from engine.adapters.metadata import AdapterMetadata
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.config.training import total_steps
from engine.errors import OutOfMemoryError, StorageError
from engine.jobs.event_schema import validated
from engine.jobs.events import read_all
from engine.runs import example_scores, run_store
from engine.system.paths import adapters_folder
from engine.worker.adapters import attach
from engine.worker.adapters.method_hooks import InitContext
from engine.worker.dataset import dataset, token_counter
from engine.worker.dataset.collator import Collator, in_batches, micro_batch_tokens
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompting import Encoded, Prompter, learned, make_prompter, scored
from engine.worker.dataset.token_cache import tokenised
from engine.worker.evaluation import evaluator, reporting, samples
from engine.worker.kernels import registry
from engine.worker.modeling import base_models
from engine.worker.modeling.architecture import Outline, outline
from engine.worker.planning import planner as plan
from engine.worker.planning.fallback_search import Shrinker, trouble
from engine.worker.runtime import devices, oom
from engine.worker.runtime.atomic_write import whole_or_gone, writing
from engine.worker.runtime.channel import Channel, Stopped
from engine.worker.training import checkpoints, prompt_baseline
from engine.worker.training.adapter_metadata import make_metadata
from engine.worker.training.training_loop import Prepared, Session

# Training examples that a method may look at before it begins.
LOOKED_AT = 64


@dataclass
class _Reached:
    """How far a run has come: a session is there once it trains, and its adapter is `saved` afterwards."""

    session: Session | None = None
    saved: bool = False


def run(channel: Channel, request: dict[str, object]) -> None:  # noqa: ARG001 - all jobs have it
    """Train by the job's recipe; where memory does not suffice, tell of smaller plans.

    Raises OutOfMemoryError then.
    """
    recipe = recipes.load(channel.job.recipe_path)
    if _is_completed(channel):
        _repeat_ending(channel)
        return
    # Conversations first: what is wrong with them should not have to wait for a base model.
    _tell_of_changes(channel, recipe)
    channel.enter("read_data")
    splits = dataset.read(
        recipe.data, channel, counter=partial(token_counter.fetched, recipe.base_model, channel)
    )
    devices.reserve(recipe.training.device)
    channel.enter("load_base")
    planner, reached = plan.Planner(channel), _Reached()
    planned = planner.require_feasible(recipe, splits)
    try:
        _carry_out(channel, recipe, splits, planned, reached)
    except (RuntimeError, MemoryError, oom.Exceeded) as error:
        if reached.saved or not recipe.method.method.trains or not oom.is_one(error):
            raise
        traceback.print_exc()
        lacking = _lacking(error, recipe)
    else:
        return
    # Only now, the error being gone, is what the failed step held free again.
    shrinker = Shrinker(planner, recipe, splits, run_store.last_step(channel.job))
    raise _out_of_memory(channel, shrinker, reached.session, lacking)


def _carry_out(
    channel: Channel, recipe: Recipe, splits: Splits, planned: plan.Result, reached: _Reached
) -> None:
    """Score the base, then train the adapter, save it, score it and compare."""
    base = base_models.load(recipe.base_model, recipe.training.device, channel)
    if not recipe.method.method.trains:
        prompt_baseline.score_prompt(channel, recipe, base, splits)
        return
    prompter = make_prompter(recipe, base, splits)
    train = tokenised(learned(recipe, splits), prompter, channel)
    validation = tokenised(splits.validation, prompter, channel)
    _tell_of_cuts(prompter, recipe, channel)
    channel.enter("evaluate")
    baseline = evaluator.score_base(channel, base, recipe, splits)
    reporting.report(channel, baseline, recipe, base.device)
    channel.enter("attach_adapter")
    shape = outline(base.model)
    tokens = micro_batch_tokens(recipe.training, base.device.type, shape.numbers_a_token)
    collator = Collator(base.family, base.tokenizer.pad_token_id, tokens)
    model = attach.attach(base, recipe, _init_context(recipe, train, collator))
    prepared = Prepared(
        recipe=recipe,
        base=base,
        model=model,
        train=train,
        validation=validation,
        chosen=samples.choose(recipe, splits),
        prompter=prompter,
        collator=collator,
        learning_rate=recipe.learning_rate(base.family),
        memory=planned.get("memory", {}),
        replicas=planned.get("replicas", 1),
    )
    metadata = partial(make_metadata, channel.job.id, prepared, splits)
    session = reached.session = Session(channel, prepared, partial(metadata, stopped=True))
    checkpoint = _checkpoint(channel)
    channel.enter("train")
    _emit_started(channel, session, prepared, splits, checkpoint, shape, planned)
    finished = session.train(checkpoint)
    if session.freed:
        # A pause: the checkpoint is written, and what is not done makes no adapter.
        channel.emit("run_paused", step=session.step, frees_device=True)
        raise Stopped
    channel.enter("save")
    adapter = _save(channel, session, metadata, finished)
    reached.saved = True
    if not finished:
        raise Stopped
    channel.enter("evaluate")
    evaluation = evaluator.score(
        channel,
        base,
        model,
        recipe,
        splits,
        of=adapter.id,
        step=session.kept_step,
        baseline=baseline,
    )
    reporting.report(channel, evaluation, recipe, base.device)
    kept = evaluation.by_example(baseline, scored(recipe, splits))
    example_scores.save(channel.job.folder, kept)
    library.add_score(adapter, evaluation.card(baseline))


def _tell_of_changes(channel: Channel, recipe: Recipe) -> None:
    """Say what was changed of the run since the last attempt."""
    attempt = channel.job.last_attempt()
    before = [event for event in read_all(channel.job.events_path) if event.get("attempt", attempt) < attempt]
    told = sum(event["event"] == "recipe_changed" for event in before)
    for change in recipe.changes[told:]:
        channel.emit("recipe_changed", **change.model_dump())
        channel.notice(change.as_text())


def _lacking(error: BaseException, recipe: Recipe) -> oom.Exceeded:
    """Return what is needed and what is there; of a step that failed only that it needs more than there is."""
    if isinstance(error, oom.Exceeded):
        return error.with_traceback(None)
    room = devices.room_bytes(devices.choose(recipe.training.device))
    return oom.Exceeded(room, room)


def _out_of_memory(
    channel: Channel, shrinker: Shrinker, session: Session | None, lacking: oom.Exceeded
) -> OutOfMemoryError:
    """Tell of smaller plans and their prices, and return how the run ends."""
    if session is None:
        told = shrinker.told(lacking, weights_alone=True)
    else:
        session.let_go()
        times = session.step_times()
        told = shrinker.told(lacking, seconds=times.now(), timed=times.of)
    channel.emit("memory_exceeded", step=session.step if session else 0, **told)
    return trouble(told)


def _refuse_damage(adapter: Adapter) -> None:
    """Read back what was written: a run is complete with an adapter that can be loaded, or not at all."""
    changed = adapter.changed_files()
    if changed:
        raise StorageError(
            f"{changed[0]} of the adapter is not on the disk as it was written.",
            "Check the disk, then resume the run: its last checkpoint is safe.",
        )


def _is_completed(channel: Channel) -> bool:
    """Tell whether an earlier attempt completed the run, and what it made is still whole wherever it is there."""
    completed = any(
        event["event"] == "job_ended" and event["outcome"] == "completed"
        for event in map(validated, read_all(channel.job.events_path))
    )
    return completed and not any(
        adapter.metadata.training.run == channel.job.id and adapter.changed_files()
        for adapter in library.scan()[0]
    )


def _repeat_ending(channel: Channel) -> None:
    """Say again what a completed run yielded, so that asking twice does no harm."""
    saved = run_store.replay(read_all(channel.job.events_path)).adapter
    if saved is not None:
        told = ("adapter", "path", "bytes", "step", "seconds", "memory_bytes")
        channel.emit("adapter_saved", **{key: saved[key] for key in told if key in saved})


def _init_context(recipe: Recipe, train: Sequence[Encoded], collator: Collator) -> InitContext:
    steps, _ = total_steps(len(train), recipe.training)
    return InitContext(steps, tuple(in_batches(train[:LOOKED_AT], collator)))


def _tell_of_cuts(prompter: Prompter, recipe: Recipe, channel: Channel) -> None:
    if prompter.cut:
        channel.notice(
            f"{prompter.cut:,} conversations have more than {recipe.data.max_conversation_tokens} tokens "
            "and lose their end.",
            "Raise data.max_conversation_tokens to keep them whole.",
        )
    if prompter.cut_summaries:
        channel.notice(
            f"{prompter.cut_summaries:,} reference summaries have more than {recipe.data.max_summary_tokens} "
            "tokens and are cut.",
            "Raise data.max_summary_tokens to keep them whole.",
        )


def _checkpoint(channel: Channel) -> Path | None:
    def tell(folder: Path) -> None:
        channel.notice(f"{folder.name} is damaged and is skipped.", "The one before it is taken.", "warning")

    return checkpoints.newest_sound(channel.job, tell)


def _emit_started(
    channel: Channel,
    session: Session,
    prepared: Prepared,
    splits: Splits,
    checkpoint: Path | None,
    shape: Outline,
    planned: plan.Result,
) -> None:
    trainable, everything = attach.count_parameters(prepared.model)
    adapted = attach.adapted_modules(prepared.model)
    channel.emit(
        "run_started",
        total_steps=session.total,
        first_step=int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0,
        trainable_parameters=trainable,
        all_parameters=everything,
        base_parameters=shape.numbers,
        device=str(prepared.base.device),
        **devices.card(prepared.base.device),
        threads=prepared.base.threads,
        precision=prepared.base.precision,
        precision_reason=prepared.base.precision_reason,
        examples={
            "train": len(prepared.train),
            "validation": len(splits.validation),
            "test": len(splits.test),
        },
        excluded=splits.excluded,
        masked=splits.masked,
        family=prepared.base.family,
        matrices=len(adapted),
        targets=sorted({name.rpartition(".")[2] for name in adapted}),
        adapted=attach.counted_by_place(adapted),
        modules=shape.modules(),
        blocks=shape.blocks(),
        learning_rate=prepared.learning_rate,
        patches=registry.active(prepared.base.device.type, prepared.base.precision),
        **planned,
    )


def _save(
    channel: Channel, session: Session, make: Callable[..., AdapterMetadata], finished: bool
) -> Adapter:
    """Put the adapter into the library; one that an earlier attempt of this run left there is replaced."""
    if session.step == 0:
        raise Stopped
    step = session.kept_step if finished else session.step
    metadata = make(step, session.progress, stopped=not finished)
    folder = library.partial_folder(metadata.id)
    hint = "Free some disk space, then resume the run: its last checkpoint is safe."
    with writing("The adapter", hint), whole_or_gone(folder):
        attach.save_adapter(session.model, folder)
        shutil.copyfile(channel.job.recipe_path, folder / adapter_toml.RECIPE_NAME)
        shutil.rmtree(adapters_folder() / metadata.id, ignore_errors=True)
        adapter = library.install(folder, metadata)
    _refuse_damage(adapter)
    channel.emit(
        "adapter_saved",
        adapter=adapter.id,
        path=str(adapter.folder),
        bytes=adapter.size_bytes,
        step=step,
        seconds=round(metadata.training.seconds, 3),
        memory_bytes=metadata.training.peak_memory_bytes,
    )
    return adapter
