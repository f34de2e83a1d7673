"""The events of a run: how it starts, each step, and remarks on its data and changes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from engine.config.recipe import Recipe
from engine.jobs.events import read_all
from engine.messages import counted, say
from engine.worker.adapters import attach
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompter import Prompter
from engine.worker.kernels import registry
from engine.worker.modeling.architecture import ModelArchitecture, architecture_of
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.planning import readiness
from engine.worker.planning.planner import Result
from engine.worker.runtime import devices, rank_group
from engine.worker.runtime.channel import Channel
from engine.worker.training import checkpoints
from engine.worker.training.training_run import StepReport, TrainingRun


def report_started(
    run: TrainingRun, checkpoint: Path | None, architecture: ModelArchitecture, planned: Result, liger: str
) -> None:
    """Report what a run trains, on what, and what the plan expects of it; and that it is too short to learn much.

    `liger` is the version of the kernels that it trains with, "" without.
    """
    if short := readiness.too_short(run.training, run.total_steps):
        run.channel.notice(*short, "warning")
    # Parts of 4-bit weights can't be told from others.
    frozen = architecture.num_parameters if run.training.shard else None
    trainable, everything = attach.count_parameters(run.model, frozen)
    _emit_started(
        run.channel,
        run.base,
        run.splits,
        len(run.train),
        architecture,
        total_steps=run.total_steps,
        first_step=checkpoints.step_of(checkpoint) if checkpoint else 0,
        trainable_parameters=trainable,
        all_parameters=everything,
        processes=rank_group.size(),
        **attach.adapted_facts(run.model),
        learning_rate=run.learning_rate,
        **({"liger": liger} if liger else {}),
        **planned | {"replicas": run.collator.shards, "sharded": run.training.shard},
    )


def report_untrained(channel: Channel, base: LoadedBase, splits: Splits) -> None:
    """Report the start of a run that trains nothing."""
    architecture = architecture_of(base.model)
    _emit_started(
        channel,
        base,
        splits,
        len(splits.train),
        architecture,
        total_steps=0,
        first_step=0,
        trainable_parameters=0,
        all_parameters=architecture.num_parameters,
        matrices=0,
        targets=[],
        learning_rate=0.0,
    )


def _emit_started(
    channel: Channel,
    base: LoadedBase,
    splits: Splits,
    trained: int,
    architecture: ModelArchitecture,
    **facts: Any,
) -> None:
    channel.emit(
        "run_started",
        base_parameters=architecture.num_parameters,
        device=devices.name(base.device),
        **devices.card(base.device),
        threads=base.threads,
        precision=base.precision,
        precision_reason=base.precision_reason,
        examples={"train": trained, "validation": len(splits.validation), "test": len(splits.test)},
        excluded=splits.excluded,
        masked=splits.masked,
        family=base.family,
        modules=architecture.modules(),
        blocks=architecture.blocks(),
        patches=registry.active(base.device.type, base.precision),
        **facts,
    )


def report_changes(channel: Channel, recipe: Recipe) -> None:
    """Report what was changed of the run since the last attempt, and what there is no more of an old recipe."""
    for remark in recipe.remarks:
        channel.notice(remark)
    attempt = channel.job.last_attempt()
    before = [event for event in read_all(channel.job.events_path) if event.get("attempt", attempt) < attempt]
    reported = sum(event["event"] == "recipe_changed" for event in before)
    for change in recipe.changes[reported:]:
        channel.emit("recipe_changed", **change.model_dump())
        channel.notice(change.as_text())


def report_truncated_texts(channel: Channel, recipe: Recipe, prompter: Prompter) -> None:
    """Report how many conversations and reference summaries are too long and lose their end."""
    if count := prompter.truncated_conversations:
        limit = recipe.data.max_conversation_tokens
        channel.notice(
            say("Cut at {} tokens: {}.", limit, counted(count, "conversation")),
            "Raise the conversation limit (data.max_conversation_tokens).",
        )
    if count := prompter.truncated_summaries:
        limit = recipe.data.max_summary_tokens
        channel.notice(
            say("Cut at {} tokens: {}.", limit, counted(count, "reference")),
            "Raise the reference limit (data.max_summary_tokens).",
        )


def report_step(run: TrainingRun, report: StepReport, seconds: float) -> None:
    """Report a step that took so many seconds."""
    memory = devices.memory_bytes(run.base.device)
    run.progress.peak_memory_bytes = max(run.progress.peak_memory_bytes, memory)
    skipped, limit = report.gradient_norm is None, 60 * run.training.max_minutes
    if not math.isfinite(report.loss):
        # JSON has no such number.
        run.channel.notice(say("Step {:,} skipped: its loss is not finite.", report.step), level="warning")
        return
    time_used: dict[str, float] = {}
    if limit:
        left = max(0.0, limit - run.progress.seconds)
        time_used = {"time_share": round(1 - left / limit, 4), "seconds_left": round(left, 1)}
    run.channel.emit(
        "step_finished",
        step=report.step,
        epoch=round(report.step / run.steps_per_epoch, 4),
        loss=report.loss,
        learning_rate=report.learning_rate,
        **({"skipped": True} if skipped else {"gradient_norm": report.gradient_norm}),
        tokens_per_second=round(report.tokens / seconds, 1),
        examples_per_second=round(report.examples / seconds, 2),
        memory_bytes=memory,
        **time_used,
    )


def report_other_ranks(run: TrainingRun) -> None:
    """Report that a run goes on in another number of ranks than before, and what that means for its result."""
    before, now = run.progress.replicas, rank_group.size()
    run.progress.replicas = now
    if before != now:
        run.channel.notice(
            say(
                "The run continues in {} instead of {:,}; only the last digits differ.",
                counted(now, "process", "processes"),
                before,
            )
        )


def report_algorithms(run: TrainingRun, refused_operation: str = "") -> None:
    """Report whether a GPU computes with deterministic algorithms, or which operation has none."""
    if refused_operation:
        run.channel.notice(
            say(
                "Deterministic algorithms are off from step {:,}: {} has none.",
                run.step + 1,
                refused_operation,
            ),
            "A resumed run may differ in its last digits.",
        )
    elif run.progress.deterministic:
        run.channel.notice("Deterministic algorithms are on.")
    elif run.training.deterministic == "auto":
        run.channel.notice(
            "Deterministic algorithms are off: they are slow for so many parameters.",
            "A resumed run may differ in its last digits. Turn them on with training.deterministic.",
        )


def report_smaller_micro_batches(run: TrainingRun) -> None:
    """Report that a step did not fit into a GPU's memory and was computed in smaller parts."""
    run.channel.notice(
        say("Out of GPU memory; {:,} tokens are computed at a time from now on.", run.collator.tokens),
        "The run continues; only the last digits of the result differ.",
        "warning",
    )


def report_skipped_steps(run: TrainingRun) -> None:
    """Report how many of a run's steps changed nothing."""
    if count := run.progress.skipped_steps:
        in_float16 = run.base.precision == "float16"
        run.channel.notice(
            say("{:,} of {:,} steps skipped: float16 overflowed.", count, run.step)
            if in_float16
            else say("{:,} of {:,} steps skipped: values were not finite.", count, run.step),
            "A few are normal; for many, use bfloat16 or float32."
            if in_float16
            else "If there are many, lower the learning rate.",
        )
