"""One run while it trains: what it is made of, how far it is, and what a step changes.

Everything here is made by the run's earlier stages or by a checkpoint; the loop (`training_loop`) moves it on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from peft import PeftModel
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch.amp import GradScaler
from torch.utils.data import DataLoader
from transformers import set_seed

from engine.config.recipe import Recipe
from engine.config.training import TrainingOptions, evaluation_interval, keeps_best, total_steps
from engine.jobs.job import Job
from engine.messages import say
from engine.runs.run_store import BEST_PREFIX
from engine.worker.dataset.collator import Collator, StepSampler, evaluation_batches, train_loader
from engine.worker.dataset.dataset import Splits
from engine.worker.dataset.prompter import Encoded, Prompter
from engine.worker.evaluation.losses import Batches, token_loss_sum
from engine.worker.evaluation.samples import SampleSet
from engine.worker.kernels import liger
from engine.worker.kernels.compat import checkpoint_activations
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime import rank_group
from engine.worker.runtime.channel import Channel
from engine.worker.runtime.random_state import same_random_numbers
from engine.worker.training.optimizer import make_optimizer, make_schedule
from engine.worker.training.step_gradients import StepGradients

# Second forward pass without reentrant autograd: the only form that works with adapters on a frozen base.
ACTIVATION_CHECKPOINTING = {"use_reentrant": False}
OWN_CODE = "Only rounding differs."


class Progress(BaseModel):
    """The run's own state, as a checkpoint stores it beside optimizer, schedule and random numbers."""

    model_config = ConfigDict(strict=True, populate_by_name=True)

    best_step: int = 0
    best_loss: float = float("inf")
    # Of the summaries scored at the best step; 0 where none are.
    best_rouge1: float = 0.0
    evaluations_without_gain: int = 0
    # A stop interrupted an evaluation that decides what is kept: it is repeated before the run goes on.
    evaluation_pending: bool = Field(False, alias="owes_evaluation")
    seconds: float = 0.0
    peak_memory_bytes: int = 0
    # Whether a GPU's deterministic algorithms are used; None before that was chosen, and on other devices.
    deterministic: bool | None = None
    # Tokens computed at a time on a GPU: what fits into its memory. 0 on other devices.
    fitting_tokens: int = 0
    # Steps that changed nothing, since their loss or gradients were not finite.
    skipped_steps: int = 0
    # Of all ranks together.
    threads: int = 0
    # The ranks that compute each step; another number gives other last bits.
    replicas: int = 1

    def as_dict(self) -> dict[str, Any]:
        """Return what a checkpoint stores; JSON has no infinity, so an unknown best is left out."""
        return self.model_dump(by_alias=True, exclude=set() if self.best_step else {"best_loss"})

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Progress:
        """Return what a checkpoint stored; 0.1.0 stored the recipe's order of the examples too.

        Raises TypeError for a value that is not of its kind, as a file of others may hold.
        """
        try:
            return cls.model_validate(stored)
        except ValidationError as error:
            wrong = error.errors()[0]
            raise TypeError(say("{} is {}", str(wrong["loc"][0]), str(wrong["input"])[:40])) from error


@dataclass
class TrainingRun:
    """What a run trains with, and the step it is at; `planned_memory` is in bytes, by its parts."""

    channel: Channel
    recipe: Recipe
    splits: Splits
    base: LoadedBase
    model: PeftModel
    train: Sequence[Encoded]
    validation: Sequence[Encoded]
    prompter: Prompter
    collator: Collator
    chosen: SampleSet
    planned_memory: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start at step 0."""
        training = self.training
        self.step = self.checkpoint_step = 0
        self.total_steps, self.steps_per_epoch = total_steps(len(self.train), training)
        self.interval = evaluation_interval(len(self.train), training)
        group, count = rank_group.current(), rank_group.size()
        self.progress = Progress(threads=count * self.base.threads, replicas=count)
        self.sampler = StepSampler(self.train, training.batch_size, training.seed, training.order)
        self.collator = self.collator.with_shards(count, group.number if group else 0)
        is_pinned = self.base.device.type == "cuda"
        self.loader: DataLoader[Any] = train_loader(self.train, self.collator, self.sampler, pinned=is_pinned)

    @property
    def job(self) -> Job:
        """The run's folder and files."""
        return self.channel.job

    @property
    def training(self) -> TrainingOptions:
        """The recipe's training table."""
        return self.recipe.training

    @property
    def learning_rate(self) -> float:
        """The rate that the schedule starts from."""
        return self.recipe.learning_rate(self.base.family)

    @property
    def keeps_best(self) -> bool:
        """Whether the best state becomes the adapter."""
        return keeps_best(len(self.validation), self.training)

    @property
    def saved_step(self) -> int:
        """The step whose weights the adapter has after a finished run."""
        return (self.keeps_best and self.progress.best_step) or self.step

    @property
    def best_folder(self) -> Path:
        """Where the best state so far is saved."""
        return self.job.folder / f"{BEST_PREFIX}{self.progress.best_step}"

    def compute_at_a_time(self, tokens: int) -> None:
        """Let the steps to come have micro-batches of so many tokens."""
        self.collator.use_tokens(tokens)
        self.progress.fitting_tokens = self.collator.tokens

    def validation_batches(self) -> Batches:
        """Return the validation examples as micro-batches."""
        return Batches(self.validation, self.collator)

    def is_due(self, every: int) -> bool:
        """Tell whether something happens after this step: every so many steps, or as often as fits, and at the end."""
        return self.step % (every or self.interval) == 0 or self.step == self.total_steps


@dataclass(frozen=True)
class StepReport:
    """What is known after an optimizer step: its number (from 1), the loss per label token in nats, what it read.

    A step whose loss or gradients are not finite has no norm: it was skipped.
    """

    step: int
    loss: float
    gradient_norm: float | None
    learning_rate: float
    tokens: int
    examples: int


@dataclass
class TrainState:
    """What an optimizer step changes, and what computes it.

    `scaler` keeps small gradients from vanishing in float16; in other dtypes it does nothing. Of
    `skipped_in_a_row` steps, which were the last, no update was done.
    """

    model: Any
    accelerator: Accelerator
    optimizer: Any
    scaler: GradScaler
    schedule: torch.optim.lr_scheduler.LRScheduler
    gradients: StepGradients
    max_gradient_norm: float
    skipped_in_a_row: int = 0


def prepare(
    model: PeftModel, base: LoadedBase, training: TrainingOptions, learning_rate: float, steps: int
) -> TrainState:
    """Return the state before the first of a run's steps: seeded, on the device, with optimizer and schedule."""
    set_seed(training.seed)
    if training.activation_checkpointing:
        checkpoint_activations(model, ACTIVATION_CHECKPOINTING)
    accelerator = Accelerator(cpu=base.device.type == "cpu", mixed_precision="no")
    # In evaluation mode the model is not wrapped: `step_gradients` sums over ranks, once a step.
    prepared = accelerator.prepare_model(model, evaluation_mode=True)
    optimizer = accelerator.prepare_optimizer(make_optimizer(model, training, learning_rate))
    scaler = GradScaler(base.device.type, enabled=base.precision == "float16")
    return TrainState(
        model=prepared,
        accelerator=accelerator,
        optimizer=optimizer,
        scaler=scaler,
        schedule=make_schedule(optimizer, training, steps),
        gradients=StepGradients(prepared, base.family, accelerator, scaler, training.seed),
        # 0: gradients are not clipped.
        max_gradient_norm=training.max_gradient_norm or math.inf,
    )


@contextmanager
def liger_kernels(run: TrainingRun) -> Iterator[str]:
    """Train inside with Liger's kernels; yield their version, "" without them. Tells why, where they were hoped for."""
    version = liger.version(run.base.device, run.base.model.config.model_type) if run.training.liger else ""
    method = run.recipe.method.method
    if version and not liger.suits(method.peft_type):
        run.channel.notice(say("Liger is off: {} doesn't work with it.", method.title), OWN_CODE)
        version = ""
    if version and run.training.shard:
        # They are tried by each rank by itself, which would wait for the others' parts of the base model.
        run.channel.notice("Liger is off: the base model is sharded.", OWN_CODE)
        version = ""
    if not version:
        yield ""
        return
    with liger.applied(run.model, partial(_try_step, run)) as problem:
        if problem:
            run.channel.notice(say("Liger doesn't work here: {}.", problem), OWN_CODE, "warning")
        yield "" if problem else version


def _try_step(run: TrainingRun) -> None:
    """Compute the gradients of one example, and drop them."""
    device = run.base.device
    [batch] = evaluation_batches(run.train[:1], run.collator)
    run.model.train()
    with same_random_numbers(device):
        token_loss_sum(run.model, batch.to(device), run.base.family).backward()
    run.model.zero_grad()
