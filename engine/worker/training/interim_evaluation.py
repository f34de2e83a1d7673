"""What a run looks at between its steps: validation loss, scores of a few summaries, and the pinned ones to show."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel

from engine.messages import say
from engine.system import cache
from engine.text.conversations import Example
from engine.worker.adapters import attach
from engine.worker.evaluation import samples
from engine.worker.evaluation.losses import mean_loss
from engine.worker.evaluation.protocol import cache_file
from engine.worker.evaluation.samples import InterimScores
from engine.worker.generation import Generated
from engine.worker.runtime.channel import Stopped
from engine.worker.training.training_run import TrainingRun


class Measured(NamedTuple):
    """The mean validation loss per label token, in nats, and ROUGE-1 (0 to 1; 0 where no summaries are scored)."""

    loss: float
    rouge1: float


class BaselineEvaluation(BaseModel, frozen=True):
    """The loss in nats per label token, None without validation data, and a summary per pinned conversation."""

    loss: float | None
    summaries: tuple[Generated, ...]


def report_baseline(run: TrainingRun) -> None:
    """Report where the run starts: the base model's loss and summaries, cached from run to run."""
    pinned, file = run.chosen.pinned, _baseline_file(run)
    baseline = cache.load(file, BaselineEvaluation)
    if baseline is None:
        with attach.active(run.model, None):
            loss = _loss(run)
            baseline = BaselineEvaluation(loss=loss, summaries=tuple(_summaries(run, pinned)))
        cache.save(file, baseline)
    if baseline.loss is not None:
        _report(run, baseline.loss, None, of="base")
    samples.report(run.channel, pinned, baseline.summaries, run.step, run.recipe.evaluation.language)


def _baseline_file(run: TrainingRun) -> Path:
    """Return the cache file by the base model, its prompts, and the tokens of the validation batches."""
    prompts = [list(run.prompter.input_ids(example.conversation)) for example in run.chosen.pinned]
    digest = hashlib.sha256(json.dumps([*prompts, run.recipe.evaluation.max_new_tokens]).encode())
    for batch in run.validation_batches():
        for tensor in (batch.input_ids, batch.attention_mask, batch.labels):
            digest.update(repr(tuple(tensor.shape)).encode())
            digest.update(np.ascontiguousarray(tensor.numpy()).tobytes())
    return cache_file("baseline", run.base, {"inputs": digest.hexdigest(), "threads": run.base.threads})


def evaluate(run: TrainingRun) -> Measured | None:
    """Report the model's loss, scores and summaries at this step; return what the best state is chosen by.

    None without validation examples, and if a stop interrupted it: the evaluation is then pending.
    """
    chosen = run.chosen
    run.progress.evaluation_pending = True
    try:
        loss = _loss(run)
        summaries = _summaries(run, chosen.all)
    except Stopped:
        # The step itself is done, so the run ends in order.
        return None
    run.progress.evaluation_pending = False
    measured = None
    if loss is not None:
        how = run.recipe.evaluation
        found = samples.scores(chosen.scored, summaries, how.bootstrap, how.language)
        _report(run, loss, found, of=run.job.id)
        measured = Measured(loss, found.scores["rouge1"]["mean"] if found else 0.0)
    samples.report(run.channel, chosen.pinned, summaries, run.step, run.recipe.evaluation.language)
    return measured


def _loss(run: TrainingRun) -> float | None:
    if not run.validation:
        return None
    return mean_loss(run.model, run.validation_batches(), run.base.family, run.channel.check_stop)


def _summaries(run: TrainingRun, examples: Sequence[Example]) -> list[Generated]:
    return samples.summarize(
        run.channel,
        run.base,
        run.model,
        run.prompter,
        examples,
        max_new_tokens=run.recipe.evaluation.max_new_tokens,
    )


def _report(run: TrainingRun, loss: float, found: InterimScores | None, of: str) -> None:
    if not math.isfinite(loss):
        # JSON has no such number.
        run.channel.notice(
            "The base model's validation loss is not finite."
            if of == "base"
            else say("The validation loss at step {:,} is not finite.", run.step),
            "Use bfloat16 or float32, or lower the learning rate.",
            "warning",
        )
        return
    run.channel.emit(
        "evaluated",
        step=run.step,
        split="validation",
        of=of,
        protocol=run.chosen.protocol if found else None,
        loss=loss,
        scores=found.scores if found else None,
        measures=found.measures if found else None,
    )
