"""The training loop: prepare, step, evaluate, save, from a run's first step or its checkpoint to its end.

    prepare                        seed, optimizer, schedule, gradients (training_run.prepare)
    for each step of the data      every example once an epoch, in an order that seed and epoch decide
        forward, loss, backward    micro-batch by micro-batch, then summed over all ranks (step_gradients)
        clip, update, schedule
        report, evaluate, save     when they are due, or asked for (control)
    checkpoint, best state         what a resume and the adapter start from (checkpoints, model_selection)

All ranks of a run take the same steps, and have the same parameters and optimizer. Between two steps rank 0 alone
decides what is next: it tells the others, who help where it asks for that. What connects ranks and devices is torch's
and accelerate's; data order, normalisation of the loss and exact resume are ours. Knows nothing of where
data, base model and adapter come from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from engine.errors import ProcessLostError, TrainingError
from engine.messages import say
from engine.worker.adapters import attach, method_hooks
from engine.worker.dataset.collator import Step, steps_from
from engine.worker.planning.memory_estimate import ESTIMATE_TOLERANCE
from engine.worker.runtime import devices, oom, rank_group
from engine.worker.training import checkpoints, interim_evaluation, step_gradients
from engine.worker.training.adapter_store import make_metadata
from engine.worker.training.control import EVALUATE, SAVE, RunControl
from engine.worker.training.model_selection import ModelSelection
from engine.worker.training.reporting import (
    report_algorithms,
    report_other_ranks,
    report_skipped_steps,
    report_smaller_micro_batches,
    report_step,
)
from engine.worker.training.step_gradients import Abort
from engine.worker.training.training_run import Progress, StepReport, TrainingRun, TrainState, prepare

# So many steps in a row whose gradients are not finite end a run: the next ones will not be better.
MAX_SKIPPED = 5
# The tasks of other ranks: to begin to train, what comes between two steps, and the next step.
TRAIN, WEIGHTS, STEP, TRAINED = "train", "weights", "step", "trained"


@dataclass(frozen=True)
class Outcome:
    """How the loop ended: after the run's last step or before, and whether that was a pause that gave up the device."""

    finished: bool
    device_released: bool = False


class TrainingLoop:
    """The steps of a run in this process, from the first one or from a checkpoint."""

    def __init__(self, run: TrainingRun, checkpoint: Path | None) -> None:
        self._run = run
        self._channel = run.channel
        self._checkpoint = checkpoint
        self._state = prepare(run.model, run.base, run.training, run.learning_rate, run.total_steps)
        self._control = RunControl(run)
        self._selection = ModelSelection(run)

    def train(self) -> Outcome:
        """Train as rank 0, or alone.

        Afterwards the last step's state is in a checkpoint, and the model holds the weights to be kept. Raises
        oom.MemoryExceeded if memory will not suffice, and TrainingError where gradients or weights stay not finite.
        """
        run, channel, selection = self._run, self._channel, self._selection
        try:
            self._begin()
            rank_group.tell(TRAIN, checkpoint=str(self._checkpoint or ""), tokens=run.collator.tokens)
            if not selection.is_finished():
                self._choose_algorithms()
                group = rank_group.current()
                with group.watched() if group else nullcontext():
                    self._take_steps()
        except (ProcessLostError, oom.ProcessKilled):
            # The state of the run is all here.
            if run.step > run.checkpoint_step:
                self._save_checkpoint()
            raise
        if run.step > run.checkpoint_step:
            self._save_checkpoint()
        finished = not channel.stopping or run.step >= run.total_steps
        if finished:
            report_skipped_steps(run)
            rank_group.tell(TRAINED)
            if selection.load_best():
                rank_group.tell(WEIGHTS, folder=str(run.best_folder))
        return Outcome(finished, self._control.device_released)

    def follow(self, hear: Callable[[], dict[str, Any]]) -> None:
        """Train as another rank, until rank 0 has had enough.

        `hear()` helps rank 0 until it tells something that is of the loop, and returns that.
        """
        if self._checkpoint is not None:
            self._take_over(self._checkpoint)
        self._choose_algorithms()
        for number, batch in self._steps():
            if hear()["task"] != STEP:
                return
            train_step(self._state, batch, number)
            self._run.step = number + 1
            self._keep_what_works()

    def _begin(self) -> None:
        """Start at step 0, or take over everything that a checkpoint holds but the random states, for the next step."""
        run, channel = self._run, self._channel
        if self._checkpoint is not None:
            self._take_over(self._checkpoint)
            channel.emit("run_resumed", step=run.step)
            report_other_ranks(run)
            rank_group.tell(WEIGHTS, folder=str(self._checkpoint))
            if run.progress.evaluation_pending:
                self._evaluate()
            return
        if run.base.device.type not in oom.SHARED_MEMORY:
            # The memory that is there decided it; a resumed run takes no more at a time.
            run.progress.fitting_tokens = run.collator.tokens
        if channel.job.last_attempt() > 1:
            # Readers then drop what an earlier attempt reported.
            channel.emit("run_resumed", step=0)
        interim_evaluation.report_baseline(run)

    def _take_over(self, checkpoint: Path) -> None:
        run = self._run
        run.progress = Progress.from_dict(checkpoints.read_state(checkpoint))
        torch.set_num_threads(devices.within_limit(max(1, run.progress.threads // rank_group.size())))
        if run.progress.fitting_tokens:
            run.collator.use_tokens(run.progress.fitting_tokens)
        run.step = run.checkpoint_step = checkpoints.step_of(checkpoint)
        checkpoints.load_trainable(run.model, checkpoint)
        checkpoints.load_state(self._state, checkpoint)

    def _choose_algorithms(self) -> None:
        """Choose whether a GPU computes with deterministic algorithms; a resumed run keeps what was chosen."""
        run = self._run
        if run.base.device.type not in step_gradients.DETERMINISTIC_GPUS:
            return
        if run.progress.deterministic is None:
            trained, everything = attach.count_parameters(run.model)
            setting = run.training.deterministic
            is_cheap = trained / everything <= step_gradients.LORA_SHARE
            run.progress.deterministic = setting == "on" or (setting == "auto" and is_cheap)
            report_algorithms(run)
        self._state.gradients.deterministic = run.progress.deterministic

    def _steps(self) -> Iterator[tuple[int, Step]]:
        run, checkpoint = self._run, self._checkpoint
        random_states = partial(checkpoints.load_random_states, checkpoint) if checkpoint else None
        is_card = run.base.device.type not in oom.SHARED_MEMORY
        return steps_from(run.loader, run.step, random_states, one_ahead=is_card)

    def _take_steps(self) -> None:
        """Take one optimizer step after the other, and do what is due after each."""
        run, channel, control, selection = self._run, self._channel, self._control, self._selection
        self._require_memory()
        control.restart_clock()
        for number, batch in self._steps():
            rank_group.tell(STEP)
            report = train_step(self._state, batch, number, control.should_abort)
            self._keep_what_works()
            if report is None:
                return
            run.step, seconds = report.step, control.step_seconds()
            run.progress.seconds += seconds
            run.progress.skipped_steps += report.gradient_norm is None
            selection.out_of_time()
            if run.step % run.training.log_every == 0 or run.step == run.total_steps:
                report_step(run, report, seconds)
            control.should_abort()
            control.pause()
            if control.is_asked_for(EVALUATE) or run.is_due(run.training.evaluate_every):
                self._evaluate()
            if control.is_asked_for(SAVE) or run.is_due(run.training.checkpoint_every):
                self._save_checkpoint()
            if channel.stopping or selection.is_finished():
                return
            control.restart_clock()

    def _require_memory(self) -> None:
        """Raise oom.MemoryExceeded where a run is planned to need far more memory than is there now.

        On a CPU nothing is tried: the system would end whatever program it likes. On a GPU micro-batches are halved
        until they fit, so only what they do not change counts.
        """
        run = self._run
        needed, available = sum(run.planned_memory.values()), devices.available_bytes(run.base.device)
        if run.base.device.type not in oom.SHARED_MEMORY:
            needed -= run.planned_memory.get("activations", 0)
        if needed > ESTIMATE_TOLERANCE * available:
            raise oom.MemoryExceeded(needed, available)

    def _keep_what_works(self) -> None:
        """Compute the steps to come as the last one was in the end: in smaller parts, or not deterministically."""
        run, gradients = self._run, self._state.gradients
        if gradients.refused_operation:
            run.progress.deterministic = False
            report_algorithms(run, gradients.refused_operation)
            gradients.refused_operation = ""
        if gradients.fitting_tokens:
            run.compute_at_a_time(min(gradients.fitting_tokens, run.collator.tokens))
            gradients.fitting_tokens = 0
            report_smaller_micro_batches(run)

    def _evaluate(self) -> None:
        measured = interim_evaluation.evaluate(self._run)
        if measured is not None:
            self._selection.update(*measured)

    def _save_checkpoint(self) -> None:
        run = self._run
        # First the events that led to it: a plot without a gap, also after a power cut.
        self._channel.sync()
        folder, size = checkpoints.save(run, self._state, make_metadata(run, run.step, stopped=True))
        run.checkpoint_step = run.step
        self._channel.emit("checkpoint_saved", step=run.step, path=str(folder), bytes=size)
        self._selection.drop_old_states()


def train_step(
    state: TrainState, batch: Step, number: int, should_abort: Abort = lambda: False
) -> StepReport | None:
    """Take optimizer step `number` (counted from 0); return its report, None if it was aborted and left no trace."""
    loss = state.gradients.compute(batch, number, should_abort)
    if loss is None:
        return None
    state.scaler.unscale_(state.optimizer)
    norm = state.accelerator.clip_grad_norm_(state.model.parameters(), state.max_gradient_norm)
    # Read before the update: one value that is not finite would spoil every weight.
    loss_value, gradient_norm = float(loss), float(norm)
    skipped = not (math.isfinite(loss_value) and math.isfinite(gradient_norm))
    learning_rate = state.schedule.get_last_lr()[0]
    if skipped:
        state.scaler.update()
        _require_progress(state, number + 1)
    else:
        state.scaler.step(state.optimizer)
        state.scaler.update()
        state.skipped_in_a_row = 0
        method_hooks.of(state.model).on_optimizer_step(state.model, number + 1)
        state.schedule.step()
    state.model.zero_grad()
    return StepReport(
        step=number + 1,
        loss=loss_value,
        gradient_norm=None if skipped else gradient_norm,
        learning_rate=learning_rate,
        tokens=batch.tokens,
        examples=batch.examples,
    )


def _require_progress(state: TrainState, step: int) -> None:
    """Count a skipped step; raise TrainingError after several in a row.

    In float16 the first steps may overflow until the scale of the loss fits; there are too many where it can't get
    smaller.
    """
    state.skipped_in_a_row += 1
    if state.scaler.is_enabled():
        if state.scaler.get_scale() < 1:
            raise TrainingError(
                say("Gradients overflow in float16, at step {} and every step before.", step),
                "Use bfloat16 or float32, or lower the learning rate.",
                "base_model.precision",
            )
    elif state.skipped_in_a_row >= MAX_SKIPPED:
        raise TrainingError(
            say(
                "The loss or its gradients are not finite at step {} and the {} steps before.",
                step,
                MAX_SKIPPED - 1,
            ),
            "Lower the learning rate or use float32, then resume.",
            "training.learning_rate",
        )
