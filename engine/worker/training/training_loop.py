"""What a run does around its steps: report, listen, evaluate, keep the best, write checkpoints, stop.

Knows nothing of where the data, the base model or the adapter came from.
"""

from __future__ import annotations

import gc
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from engine.adapters.metadata import AdapterMetadata, Scores
from engine.config.recipe import Recipe
from engine.config.training import Order, total_steps
from engine.runs.run_store import BEST_PREFIX, note_order
from engine.runs.run_store import checkpoints as kept_checkpoints
from engine.text.conversations import Example
from engine.worker.adapters import attach
from engine.worker.dataset.collator import Collator, MicroBatch, StepSampler, in_batches, train_loader
from engine.worker.dataset.prompting import Encoded, Prompter
from engine.worker.evaluation import baseline_cache, samples
from engine.worker.evaluation.baseline_cache import BaselineEvaluation
from engine.worker.generation.generate import Generated
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime import devices
from engine.worker.runtime.atomic_write import writing
from engine.worker.runtime.channel import Channel, Stopped
from engine.worker.training import checkpoints
from engine.worker.training.memory_probe import Probe, heaviest_step
from engine.worker.training.step_gradients import (
    Interrupted,
    StepReport,
    StepTrainer,
    mean_loss,
    training_arguments,
)
from engine.worker.training.step_times import StepTimes

PAUSE_LOOK_SECONDS = 0.1
# A run that is planned to take no more of the memory has its first step, which a person waits for, before the probe.
NO_RISK = 1 / 4
# The command `pause` with `free_device`: not to hold the device while the run waits.
FREE = "free the device"


@dataclass
class Progress:
    """The run's own state, as a checkpoint holds it beside the loop's."""

    best_step: int = 0
    best_loss: float = float("inf")
    # Of the summaries scored at the best step, 0 where none are.
    best_rouge1: float = 0.0
    evaluations_without_gain: int = 0
    # A stop cut an evaluation short that decides what is kept: it is made up for before the run goes on.
    owes_evaluation: bool = False
    seconds: float = 0.0
    peak_memory_bytes: int = 0
    threads: int = 0
    # A checkpoint that does not say is older than the choice.
    order: Order = "random"
    # Processes that compute a step side by side: with another number it comes to other numbers in the last bits.
    replicas: int = 1

    def as_dict(self) -> dict[str, Any]:
        """Return what a checkpoint stores; JSON has no infinity, so an unknown best is left out."""
        found = asdict(self)
        if self.best_step == 0:
            del found["best_loss"]
        return found


@dataclass(frozen=True)
class Prepared:
    """All that training needs, made ready by the run's earlier stages; `memory` is the planned one by its parts."""

    recipe: Recipe
    base: LoadedBase
    model: PeftModel
    train: Sequence[Encoded]
    validation: Sequence[Encoded]
    chosen: samples.SampleSet
    prompter: Prompter
    collator: Collator
    learning_rate: float
    memory: Mapping[str, int] = field(default_factory=dict)
    replicas: int = 1


class Session:
    """The training part of a run."""

    def __init__(
        self, channel: Channel, prepared: Prepared, metadata: Callable[[int, Progress], AdapterMetadata]
    ) -> None:
        """Prepare; `metadata` makes the metadata of the adapter as it is at a step."""
        self._channel = channel
        self._prepared = prepared
        self._metadata = metadata
        self._training = prepared.recipe.training
        self.total, self._an_epoch = total_steps(len(prepared.train), self._training)
        self.progress = Progress(
            threads=prepared.base.threads, order=self._training.order, replicas=prepared.replicas
        )
        self.step = 0
        self._checkpoint_step = 0
        self._commands: deque[str] = deque()
        self._wants_checkpoint = False
        self._wants_evaluation = False
        self.freed = False
        self.probe: Probe | None = None
        self._clock = time.perf_counter()
        self._sampler = StepSampler(
            prepared.train, self._training.batch_size, self._training.seed, self._training.order
        )
        self._collator = prepared.collator.of_shares(self.progress.replicas)
        self._loader = train_loader(prepared.train, self._collator, self._sampler)

    def train(self, checkpoint: Path | None) -> bool:
        """Train from the beginning or from a checkpoint; return whether the run came to its end.

        Either way the last step's state is in a checkpoint afterwards, and the model holds what is to be
        kept. Raises shortage.Exceeded if the heaviest step will not find the memory that it needs.
        """
        prepared = self._prepared
        trainer = self._trainer()
        if checkpoint is None:
            self._begin()
        else:
            self._take_up(checkpoint)
        self._clock = time.perf_counter()
        try:
            with suppress(Interrupted):
                if not self._is_through():
                    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        finally:
            trainer.end_replicas()
        finished = not self._channel.stopping or self.step >= self.total
        if self.step and self._checkpoint_step != self.step:
            self._save_checkpoint()
        if finished and self._training.keep == "best" and self.progress.best_step:
            checkpoints.load_trainable(prepared.model, self._best_folder())
        return finished

    def let_go(self) -> None:
        """Give back what a step that failed still holds; numbers and optimizer stay as they are."""
        self._loop.end_replicas()
        self.model.zero_grad()
        gc.collect()
        if self._prepared.base.device.type == "cuda":
            torch.cuda.empty_cache()

    def step_times(self) -> StepTimes:
        """Return what tells how long the heaviest step takes, now and as other recipes compute it."""
        return StepTimes(self._prepared.base, self._prepared.recipe, self._loop, self._collator, self.probe)

    def _is_through(self) -> bool:
        """Tell whether nothing is left to train, as for a run that ended while it was saved or scored.

        The stock loop looks for its end only behind a step.
        """
        return self.step >= self.total or (self.step > 0 and (self._out_of_patience() or self._out_of_time()))

    @property
    def model(self) -> PeftModel:
        """The model that is trained."""
        return self._prepared.model

    @property
    def kept_step(self) -> int:
        """The step whose numbers the adapter holds after a finished run."""
        keeps_best = self._training.keep == "best" and self.progress.best_step
        return self.progress.best_step if keeps_best else self.step

    def _trainer(self) -> StepTrainer:
        prepared = self._prepared
        arguments = training_arguments(
            self._training, prepared.learning_rate, prepared.base.device, self._channel.job.folder
        )
        self._loop = StepTrainer(
            prepared.model,
            arguments,
            self._loader,
            prepared.base.family,
            self._between,
            self._after_step,
            self._before_first,
        )
        return self._loop

    def _before_first(self) -> None:
        """Look ahead before the first step, unless there is so much memory that it can wait until behind it."""
        planned = sum(self._prepared.memory.values())
        if not 0 < planned <= NO_RISK * devices.room_bytes(self._prepared.base.device):
            self._look_ahead()

    def _look_ahead(self) -> None:
        """Compute the heaviest step that is to come. Raises shortage.Exceeded if memory will not suffice."""
        prepared = self._prepared
        if self.step >= self.total:
            return
        to_come = range(self.step, self.total)
        step = heaviest_step(prepared.train, self._collator, self._sampler, to_come)
        self.probe = Probe(self._loop, step, prepared.base.device)
        self._channel.emit("memory_probed", **self.probe.look(self._collator, prepared.memory))
        self._clock = time.perf_counter()

    def _begin(self) -> None:
        """Start at step 0; in a later attempt, readers then drop what an earlier one told."""
        if self._channel.job.last_attempt() > 1:
            self._channel.emit("run_resumed", step=0)
        self._look_at_base()

    def _take_up(self, checkpoint: Path) -> None:
        """Take over a checkpoint's state: what the loop does not know of."""
        self.progress = Progress(**checkpoints.read_state(checkpoint))
        torch.set_num_threads(self.progress.threads)
        self._sampler.order = self.progress.order
        self._collator.shares = self.progress.replicas
        if self.progress.order != self._training.order:
            note_order(self._channel.job, self.progress.order)
        self.step = self._checkpoint_step = int(checkpoint.name.rpartition("-")[2])
        self._channel.emit("run_resumed", step=self.step)
        checkpoints.load_trainable(self._prepared.model, checkpoint)
        if self.progress.owes_evaluation:
            self._evaluate()

    def _between(self) -> bool:
        """Listen between two micro-batches; return whether the step should be given up."""
        self._take_commands()
        while self._commands:
            self._obey(self._commands.popleft())
        return self._channel.stopping

    def _take_commands(self) -> None:
        for command in self._channel.kept_commands():
            frees = command["command"] == "pause" and command.get("free_device")
            self._commands.append(FREE if frees else command["command"])

    def _obey(self, command: str) -> None:
        if command == "pause":
            self._pause()
        elif command == FREE:
            self._free()
        elif command == "save_checkpoint":
            self._wants_checkpoint = True
        elif command == "evaluate_now":
            self._wants_evaluation = True

    def _free(self) -> None:
        """Let the device go: stop after a checkpoint, and be known as paused."""
        self.freed = self._channel.stopping = True

    def _pause(self) -> None:
        """Hold the run, device and all, until `continue` or `stop`, or until its window leaves it alone."""
        self._channel.emit("run_paused", step=self.step)
        self._channel.awake.let_sleep()
        began, alone = time.perf_counter(), self._channel.window_gone
        while not self._channel.stopping and self._channel.window_gone == alone:
            self._take_commands()
            if "continue" in self._commands:
                self._commands.remove("continue")
                break
            if FREE in self._commands:
                self._commands.remove(FREE)
                self._free()
            time.sleep(PAUSE_LOOK_SECONDS)
        self._channel.awake.keep()
        self._clock += time.perf_counter() - began
        self._channel.emit("run_continued", step=self.step)

    def _after_step(self, report: StepReport) -> bool:
        """Report a step and do what is due after it; return whether to go on."""
        seconds = time.perf_counter() - self._clock
        self.step = report.step
        self.progress.seconds += seconds
        self._out_of_time()
        if report.step % self._training.log_every == 0 or report.step == self.total:
            self._report(report, seconds)
        if self.probe is None:
            self._look_ahead()
        self._between()
        if self._due(self._training.evaluate_every) or self._wants_evaluation:
            self._wants_evaluation = False
            self._evaluate()
        if self._due(self._training.checkpoint_every) or self._wants_checkpoint:
            self._wants_checkpoint = False
            self._save_checkpoint()
        self._clock = time.perf_counter()
        return not self._channel.stopping and not self._out_of_patience() and self.step < self.total

    def _report(self, report: StepReport, seconds: float) -> None:
        memory = devices.memory_bytes(self._prepared.base.device)
        self.progress.peak_memory_bytes = max(self.progress.peak_memory_bytes, memory)
        self._channel.emit(
            "step_finished",
            step=report.step,
            epoch=round(report.epoch, 4),
            loss=report.loss,
            learning_rate=report.learning_rate,
            gradient_norm=report.gradient_norm,
            tokens_per_second=round(report.tokens / seconds, 1),
            examples_per_second=round(report.examples / seconds, 2),
            memory_bytes=memory,
            **self._time_used(),
        )

    def _time_used(self) -> dict[str, float]:
        """Return how much of the run's minutes is used, a share, and left; nothing for a run without a limit."""
        limit = 60 * self._training.max_minutes
        if not limit:
            return {}
        left = max(0.0, limit - self.progress.seconds)
        return {"time_share": round(1 - left / limit, 4), "seconds_left": round(left, 1)}

    def _due(self, every: int) -> bool:
        """Tell whether something happens after this step: every so many, by epochs for 0, and at the end."""
        return self.step % (every or self._an_epoch) == 0 or self.step == self.total

    def _look_at_base(self) -> None:
        """Show where the run starts: the base model's loss and summaries."""
        prepared, pinned = self._prepared, self._prepared.chosen.pinned
        prompts = [prepared.prompter.input_ids(example.conversation) for example in pinned]
        kept = baseline_cache.path(
            prepared.base, self._validation(), prompts, prepared.recipe.evaluation.max_new_tokens
        )
        look = baseline_cache.load(kept)
        if look is None:
            with attach.active(prepared.model, None):
                loss = self._mean_loss() if self._prepared.validation else None
                look = BaselineEvaluation(loss=loss, summaries=tuple(self._write(pinned)))
            baseline_cache.save(kept, look)
        if look.loss is not None:
            self._emit_evaluated(look.loss, None, of="base")
        samples.report(self._channel, pinned, look.summaries, self.step)

    def _evaluate(self) -> None:
        """Measure the validation loss, score some summaries, keep the best state, and show the pinned ones."""
        chosen = self._prepared.chosen
        self.progress.owes_evaluation = True
        try:
            loss = self._mean_loss() if self._prepared.validation else None
            made = self._write(chosen.all)
        except Stopped:
            # Asked to stop in mid-evaluation: the step itself is done, so the run ends in order.
            return
        self.progress.owes_evaluation = False
        if loss is not None:
            scores = samples.scores(chosen.scored, made, self._prepared.recipe.evaluation.bootstrap)
            self._emit_evaluated(loss, scores, of=self._channel.job.id)
            self._keep_if_best(loss, scores["rouge1"]["mean"] if scores else 0.0)
        samples.report(self._channel, chosen.pinned, made, self.step)

    def _mean_loss(self) -> float:
        return mean_loss(
            self._prepared.model, self._validation(), self._prepared.base.family, self._channel.check_stop
        )

    def _validation(self) -> Iterator[MicroBatch]:
        """Yield the validation examples, made into micro-batches anew: in memory they would be many times their ids."""
        return in_batches(self._prepared.validation, self._prepared.collator)

    def _emit_evaluated(self, loss: float, scores: Scores | None, of: str) -> None:
        self._channel.emit(
            "evaluated",
            step=self.step,
            split="validation",
            of=of,
            protocol=self._prepared.chosen.protocol if scores else None,
            loss=loss,
            scores=scores,
        )

    def _keep_if_best(self, loss: float, rouge1: float) -> None:
        best = self.progress
        if best.best_step and not self._is_better(loss, rouge1):
            best.evaluations_without_gain += 1
            return
        best.evaluations_without_gain = 0
        best.best_loss, best.best_rouge1, best.best_step = loss, rouge1, self.step
        if self._training.keep == "best":
            folder = self._best_folder()
            with writing("The best state so far", "Free some disk space, then resume the run."):
                checkpoints.save_best(self._prepared.model, folder)

    def _is_better(self, loss: float, rouge1: float) -> bool:
        if self._training.best_by == "rouge1":
            return rouge1 > self.progress.best_rouge1
        return loss < self.progress.best_loss

    def _best_folder(self) -> Path:
        return self._channel.job.folder / f"{BEST_PREFIX}{self.progress.best_step}"

    def _out_of_patience(self) -> bool:
        patience = self._training.early_stopping_patience
        if not patience or self.progress.evaluations_without_gain < patience:
            return False
        best, by_score = self.progress, self._training.best_by == "rouge1"
        what, value = (
            ("ROUGE-1", f"{100 * best.best_rouge1:.1f}")
            if by_score
            else ("validation loss", f"{best.best_loss:.3f}")
        )
        self._channel.notice(
            f"Stopped at step {self.step}: {patience} evaluations without a better {what}.",
            f"The best was {value} at step {best.best_step}.",
        )
        self.total = self.step
        return True

    def _out_of_time(self) -> bool:
        """Tell whether the training has had all its minutes; this step is then the run's last.

        The seconds are those of the steps of all attempts, so a run that is resumed has no more of them than another.
        """
        minutes = self._training.max_minutes
        if not minutes or self.progress.seconds < 60 * minutes:
            return False
        if self.step < self.total:
            self._channel.notice(
                f"Ended at step {self.step:,} of {self.total:,}: the {minutes:g} minutes for training are over.",
                "Raise training.max_minutes to train longer; 0 sets no limit.",
            )
            self.total = self.step
        return True

    def _write(self, examples: Sequence[Example]) -> list[Generated]:
        prepared = self._prepared
        return samples.summarize(
            self._channel,
            prepared.base,
            prepared.model,
            prepared.prompter,
            examples,
            max_new_tokens=prepared.recipe.evaluation.max_new_tokens,
        )

    def _save_checkpoint(self) -> None:
        # First what led to it: a plot without a gap, also after a power cut.
        self._channel.sync()
        folder, size = checkpoints.save(
            self._channel.job,
            self.step,
            self._prepared.model,
            self.progress.as_dict(),
            self._metadata(self.step, self.progress),
            self._loop.save_state,
        )
        self._checkpoint_step = self.step
        self._channel.emit("checkpoint_saved", step=self.step, path=str(folder), bytes=size)
        self._drop_old_bests()

    def _drop_old_bests(self) -> None:
        """Forget best states that no kept checkpoint goes back to."""
        needed = {f"{BEST_PREFIX}{self.progress.best_step}"}
        needed |= {
            f"{BEST_PREFIX}{checkpoints.read_state(path)['best_step']}"
            for path in kept_checkpoints(self._channel.job)
        }
        for folder in self._channel.job.folder.glob(f"{BEST_PREFIX}*"):
            if folder.name not in needed:
                shutil.rmtree(folder, ignore_errors=True)
