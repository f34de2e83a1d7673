"""The training loop: transformers' Trainer, with the few things changed that make a run exact and observable.

What differs from the stock loop: an item of the data loader is a whole optimizer step, so that a resume
skips steps and micro-batches change nothing; the loss is the sum over a step's learned tokens divided by
their number, which the stock Trainer gets wrong for T5; the loss is never filtered for NaN; and what
happens after a step is the run's business, handed in as `after_step`. Checkpoints are written by
`engine.worker.training.checkpoints`.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from torch.nn import functional
from torch.utils.data import DataLoader
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from engine.config.training import TrainingOptions
from engine.errors import TrainingError
from engine.methods import Family
from engine.worker.adapters import method_hooks
from engine.worker.dataset.collator import MicroBatch, Step, StepSampler
from engine.worker.modeling import forward
from engine.worker.runtime import devices
from engine.worker.training import checkpoints
from engine.worker.training import optimizer as optimizers
from engine.worker.training.data_parallel import Shares, shared_out

OPTIMIZERS = {
    "adamw": "adamw_torch_fused",
    "adamw_8bit": "adamw_bnb_8bit",
    "paged_adamw_8bit": "paged_adamw_8bit",
    "adafactor": "adafactor",
}
SCHEDULES = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


@dataclass(frozen=True)
class StepReport:
    """What is known after an optimizer step."""

    step: int
    epoch: float
    loss: float
    gradient_norm: float
    learning_rate: float
    tokens: int
    examples: int


class Interrupted(Exception):
    """A step was given up because the run was asked to stop; the state is that of the step before."""


class StepTrainer(Trainer):
    """Trainer over steps.

    `between` is called after every micro-batch and tells whether to give the step up. `after_step` gets a
    StepReport after every step and tells whether to go on. `before_first` is called when all is ready for the first
    step, what a checkpoint holds included.
    """

    def __init__(
        self,
        model: PeftModel,
        arguments: TrainingArguments,
        loader: DataLoader[Any],
        family: Family,
        between: Callable[[], bool],
        after_step: Callable[[StepReport], bool],
        before_first: Callable[[], None] | None = None,
    ) -> None:
        self._loader = loader
        self._family = family
        self._between = between
        self._after_step = after_step
        self._random_before = torch.get_rng_state()
        self._others: Shares | None = None
        self._step_tokens = 0
        self._globalstep_last_logged = 0
        self._step_examples = 0
        super().__init__(model=model, args=arguments, train_dataset=loader.dataset)
        self.remove_callback(PrinterCallback)
        self.add_callback(_EpochSetter(loader))
        self.add_callback(_AfterUpdate())
        if before_first:
            self.add_callback(_BeforeFirst(before_first))

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Return the loader of steps as it is: accelerate's own would take steps for tensors."""
        return self._loader

    def _get_num_items_in_batch(self, batch_samples: Any, device: Any) -> None:
        """Count nothing: a step knows its learned tokens."""

    def floating_point_ops(self, inputs: Any) -> int:
        """Estimate nothing: the stock estimate would look for tensors in a step."""
        return 0

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """Return the stock optimizer, with groups of their own for parameters that learn at another rate."""
        optimizer: torch.optim.Optimizer = super().create_optimizer(model)
        if self.args.optim in optimizers.EIGHT_BIT:
            optimizers.let_inherit(optimizer)
        factors = getattr(self.model, "learning_rate_factors", {})
        if factors:
            by_parameter = {id(each): factors.get(name, 1.0) for name, each in self.model.named_parameters()}
            optimizer.param_groups[:] = _by_rate(optimizer.param_groups, by_parameter)
        return optimizer

    def training_step(self, model: Any, inputs: Step, num_items_in_batch: Any = None) -> torch.Tensor:
        """Compute one step's gradients, micro-batch by micro-batch; return its loss a learned token."""
        self._random_before = torch.get_rng_state()
        total = self._add_gradients(model, inputs)
        self._step_tokens, self._step_examples = inputs.tokens, inputs.examples
        return total

    def rehearse(self, step: Step) -> None:
        """Compute a step's gradients and forget them: no number of model or optimizer is another afterwards.

        Random numbers are drawn; the caller puts their state back.
        """
        self._random_before = torch.get_rng_state()
        trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        try:
            for parameter in trained:
                # As in every micro-batch of a step but the first: gradients are there and are added to.
                parameter.grad = torch.zeros_like(parameter)
            # Read, so that a device which computes on its own has done so.
            float(self._add_gradients(self.model_wrapped, step))
        finally:
            for parameter in trained:
                parameter.grad = None

    def end_replicas(self) -> None:
        """End the processes that compute shares of steps; the next such step makes them anew."""
        if self._others:
            self._others.close()
            self._others = None

    def _add_gradients(self, model: Any, inputs: Step) -> torch.Tensor:
        model.train()
        if len(inputs.shares) > 1:
            total = self._add_shares(model, inputs)
        else:
            total = self._add_all(model, inputs.micro_batches, inputs.learned_tokens)
        more = method_hooks.of(self.model).extra_loss(self.model)
        if more is not None:
            self.accelerator.backward(more)
        return total

    def _add_all(self, model: Any, batches: Iterable[MicroBatch], learned: int) -> torch.Tensor:
        """Add the gradients of micro-batches one after the other; return their part of the loss."""
        total = torch.zeros((), device=self.args.device)
        for micro_batch in batches:
            if self._between():
                self._give_up(model)
            total += self._learn(micro_batch, learned)
        return total

    def _learn(self, micro_batch: MicroBatch, learned: int) -> torch.Tensor:
        """Add a micro-batch's gradients; return its part of the loss a learned token."""
        loss = token_loss_sum(self.model_wrapped, micro_batch.to(self.args.device), self._family) / learned
        self.accelerator.backward(loss)
        return loss.detach()

    def _add_shares(self, model: Any, inputs: Step) -> torch.Tensor:
        """Add the gradients of a step's shares, the first computed here and the others in replicas meanwhile."""
        mine, *theirs = shared_out(inputs, self.args.seed, self.state.global_step)
        threads = devices.threads_each(len(inputs.shares))
        others = self._replicated(len(theirs), threads)
        if others is None:
            return self._add_all(model, chain(mine, *theirs), inputs.learned_tokens)
        try:
            with devices.computing_with(threads):
                others.begin(theirs)
                total = self._add_all(model, mine, inputs.learned_tokens)
            while not others.are_done():
                if self._between():
                    self._give_up(model)
            return total + others.finish()
        except Interrupted:
            others.drop()
            raise
        except BaseException:
            self.end_replicas()
            raise

    def _replicated(self, count: int, threads: int) -> Shares | None:
        """Return what computes so many shares beside this process, None where the system allows no fork.

        Replicas live on from step to step.
        """
        if self._others is None or self._others.most < count:
            self.end_replicas()
            trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
            try:
                self._others = Shares(trained, self._learn, count, threads)
            except OSError:
                traceback.print_exc()
        return self._others

    def _give_up(self, model: Any) -> None:
        """Go back to the state before the step: no gradients, and the random numbers not drawn yet."""
        model.zero_grad()
        torch.set_rng_state(self._random_before)
        raise Interrupted

    def _maybe_log_save_evaluate(self, tr_loss: Any, grad_norm: Any, *rest: Any, **facts: Any) -> None:
        """Report the step; called by the stock loop after every step, and once more at an epoch's end."""
        if self.state.global_step == self._globalstep_last_logged:
            return
        self._globalstep_last_logged = self.state.global_step
        loss = float(tr_loss)
        tr_loss.zero_()
        if not math.isfinite(loss):
            raise TrainingError(
                f"The loss is no number at step {self.state.global_step}.",
                "Lower the learning rate, or use float32; resume goes on from the last checkpoint.",
                "training.learning_rate",
            )
        report = StepReport(
            step=self.state.global_step,
            epoch=float(self.state.epoch),
            loss=loss,
            gradient_norm=float(grad_norm) if grad_norm is not None else 0.0,
            learning_rate=float(facts.get("learning_rate") or 0.0),
            tokens=self._step_tokens,
            examples=self._step_examples,
        )
        if not self._after_step(report):
            self.control.should_training_stop = True

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Put a checkpoint's trained numbers into the model; the stock way loses what PEFT does not save."""
        checkpoints.load_trainable(self.model, Path(resume_from_checkpoint))

    def save_state(self, folder: Path) -> None:
        """Write optimizer, schedule, random numbers and the loop's state into a folder."""
        self._save_optimizer_and_scheduler(str(folder))
        self._save_rng_state(str(folder))
        self.state.save_to_json(str(folder / "trainer_state.json"))


def _by_rate(groups: Iterable[dict[str, Any]], factors: Mapping[int, float]) -> list[dict[str, Any]]:
    """Return parameter groups split by rate; the usual one stays first, since reports tell the first group's."""
    split = []
    for group in groups:
        for factor in sorted(
            {factors[id(each)] for each in group["params"]}, key=lambda rate: (rate != 1.0, rate)
        ):
            members = [each for each in group["params"] if factors[id(each)] == factor]
            split.append({**group, "params": members, "lr": group["lr"] * factor})
    return split


class _EpochSetter(TrainerCallback):
    """Tell the sampler which pass begins, so that its order depends on nothing else."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        assert isinstance(loader.batch_sampler, StepSampler)
        self._sampler = loader.batch_sampler

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Set the pass from the step, which a checkpoint knows exactly."""
        self._sampler.epoch = state.global_step // len(self._sampler)


class _BeforeFirst(TrainerCallback):
    """Call something when the loop is ready for its first step."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Act: model, optimizer and schedule are as the first step will find them."""
        self._act()


class _AfterUpdate(TrainerCallback):
    """Let the method do what is due once the weights are updated and the gradients still there."""

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Hand the step's number on; the loop counts it up a little later."""
        method_hooks.of(kwargs["model"]).on_optimizer_step(kwargs["model"], state.global_step + 1)


def token_loss_sum(model: Any, batch: MicroBatch, family: Family) -> torch.Tensor:
    """Return the sum of the learned tokens' cross-entropy, in nats, as a float32 scalar."""
    found = forward.logits_at(
        model, family, batch.input_ids, batch.attention_mask, batch.labels, batch.places
    )
    return functional.cross_entropy(found.float(), batch.targets, reduction="sum")


@torch.inference_mode()
def mean_loss(model: Any, batches: Iterable[MicroBatch], family: Family, tick: Callable[[], None]) -> float:
    """Return the mean loss a learned token over batches, in eval mode; `tick` is called between them."""
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    total, learned = 0.0, 0
    for batch in batches:
        tick()
        total += float(token_loss_sum(model, batch.to(device), family))
        learned += batch.learned_tokens
    model.train(was_training)
    return total / max(1, learned)


def training_arguments(
    training: TrainingOptions, learning_rate: float, device: torch.device, folder: Path
) -> TrainingArguments:
    """Return the Trainer's arguments for a recipe; everything it would write or print of its own is off."""
    return TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=1,
        gradient_accumulation_steps=1,
        num_train_epochs=training.epochs,
        max_steps=training.max_steps or -1,
        learning_rate=learning_rate,
        weight_decay=training.weight_decay,
        lr_scheduler_type=SCHEDULES[training.schedule],
        warmup_steps=training.warmup,
        max_grad_norm=training.max_gradient_norm,
        optim=OPTIMIZERS[training.optimizer],
        seed=training.seed,
        use_cpu=device.type == "cpu",
        activation_checkpointing=training.activation_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False} if training.activation_checkpointing else None,
        save_strategy="no",
        eval_strategy="no",
        logging_strategy="no",
        logging_nan_inf_filter=False,
        report_to=[],
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )
