"""The gradients of one optimizer step: its micro-batches, one after the other or sharded over forks of the process.

The loss is the sum over the step's label tokens divided by their number, whatever the micro-batches are; the stock
Trainer gets that wrong for T5. Knows neither the optimizer nor the loop.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import torch
from accelerate import Accelerator
from torch.amp import GradScaler

from engine.methods import Family
from engine.worker.adapters import method_hooks
from engine.worker.dataset.collator import MicroBatch, Step
from engine.worker.runtime import devices, oom
from engine.worker.runtime.random_state import RandomState
from engine.worker.training.data_parallel import ShardForks, scatter
from engine.worker.training.loss import token_loss_sum

Abort = Callable[[], bool]


class StepGradients:
    """Adds up the gradients of a step in the model's parameters, scaled where `scaler` is enabled.

    `seed` and a step's number decide the random numbers of a step that is sharded. Where a card's memory does not
    suffice, a step is computed again in halved micro-batches; `fitting_tokens` are then those of the largest, else 0.
    """

    def __init__(
        self, model: Any, family: Family, accelerator: Accelerator, scaler: GradScaler, seed: int
    ) -> None:
        self._model = model
        self._family = family
        self._accelerator = accelerator
        self._scaler = scaler
        self._seed = seed
        self.fitting_tokens = 0
        self._forks: ShardForks | None = None

    def compute(self, step: Step, number: int, should_abort: Abort = lambda: False) -> torch.Tensor | None:
        """Compute the gradients of step `number` (counted from 0); return its loss per label token, a scalar.

        `should_abort` is asked before every micro-batch. If it says so, None is returned, and gradients and random
        numbers are as if the step had not begun; so they are after an error.
        """
        random_state = RandomState.now(self._accelerator.device)
        self._model.train()
        loss = None
        try:
            loss = self._in_parts_that_fit(step, number, should_abort, random_state)
        finally:
            if loss is None:
                self._undo(random_state)
        if loss is None:
            return None
        extra = method_hooks.of(self._model).extra_loss(self._model)
        if extra is not None:
            self._backward(extra)
        return loss

    def _in_parts_that_fit(
        self, step: Step, number: int, should_abort: Abort, random_state: RandomState
    ) -> torch.Tensor | None:
        """Compute a step; again with halved micro-batches, as often as a card's memory does not suffice."""
        while True:
            try:
                if len(step.shards) > 1:
                    return self._add_sharded(step, number, should_abort)
                return self._add(step.micro_batches, step.label_tokens, should_abort)
            except (RuntimeError, MemoryError) as error:
                halved = step.halved() if oom.can_halve(self._accelerator.device.type, error) else None
                if halved is None:
                    raise
                traceback.print_exc()
            # The error held what the failed step needed.
            step = halved
            self.fitting_tokens = max(batch.padded_tokens(self._family) for batch in step.micro_batches)
            self._undo(random_state)
            devices.free_unused(self._accelerator.device)

    def _undo(self, random_state: RandomState) -> None:
        self._model.zero_grad()
        random_state.restore()

    def dry_run(self, step: Step, number: int, should_abort: Abort = lambda: False) -> bool:
        """Compute a step's gradients and drop them; return whether that was done to the end.

        Random numbers are drawn; the caller puts their state back.
        """
        trained = [parameter for parameter in self._model.parameters() if parameter.requires_grad]
        try:
            for parameter in trained:
                # As in every micro-batch of a step but the first: gradients exist and are added to.
                parameter.grad = torch.zeros_like(parameter)
            loss = self.compute(step, number, should_abort)
            if loss is not None:
                # Waits for a device that computes asynchronously.
                loss.item()
            return loss is not None
        finally:
            for parameter in trained:
                parameter.grad = None

    def close(self) -> None:
        """End the forks; the next sharded step makes new ones."""
        if self._forks:
            self._forks.close()
            self._forks = None

    def _add(
        self, batches: Iterable[MicroBatch], label_tokens: int, should_abort: Abort
    ) -> torch.Tensor | None:
        """Add the gradients of micro-batches one after the other; return their part of the loss."""
        total = torch.zeros((), device=self._accelerator.device)
        for batch in batches:
            if should_abort():
                return None
            total += self._add_one(batch, label_tokens)
        return total

    def _add_one(self, batch: MicroBatch, label_tokens: int) -> torch.Tensor:
        loss = token_loss_sum(self._model, batch.to(self._accelerator.device), self._family) / label_tokens
        self._backward(loss)
        return loss.detach()

    def _backward(self, loss: torch.Tensor) -> None:
        self._accelerator.backward(self._scaler.scale(loss))

    def _add_sharded(self, step: Step, number: int, should_abort: Abort) -> torch.Tensor | None:
        """Add the gradients of a step's shards: the first is computed here, the others in forks meanwhile."""
        mine, *others = scatter(step, self._seed, number)
        threads = devices.threads_per_process(len(step.shards))
        # Forks would not see how the scale changes.
        forks = None if self._scaler.is_enabled() else self._forked(len(others), threads)
        if forks is None:
            return self._add(chain(mine, *others), step.label_tokens, should_abort)
        try:
            with devices.using_threads(threads):
                forks.begin(others)
                loss = self._add(mine, step.label_tokens, should_abort)
            while loss is not None and not forks.are_done():
                loss = None if should_abort() else loss
            if loss is None:
                forks.drop()
                return None
            return loss + forks.finish()
        except BaseException:
            self.close()
            raise

    def _forked(self, count: int, threads: int) -> ShardForks | None:
        """Return forks that compute `count` shards beside this process, None where the system allows no fork.

        They live on from step to step.
        """
        if self._forks is None or self._forks.count < count:
            self.close()
            trained = [parameter for parameter in self._model.parameters() if parameter.requires_grad]
            try:
                self._forks = ShardForks(trained, self._add_one, count, threads)
            except OSError:
                traceback.print_exc()
        return self._forks
