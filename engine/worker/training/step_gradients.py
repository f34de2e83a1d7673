"""The gradients of one optimizer step: its micro-batches, one after the other or sharded over processes.

The loss is the sum over the step's label tokens divided by their number, whatever the micro-batches are; the stock
Trainer gets that wrong for T5. Knows neither the optimizer nor the loop.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from accelerate import Accelerator
from torch.amp import GradScaler

from engine.methods import Family
from engine.worker.adapters import method_hooks
from engine.worker.dataset.collator import MicroBatch, Step
from engine.worker.runtime import devices, oom, rank_orders
from engine.worker.runtime.random_state import RandomState
from engine.worker.training import determinism
from engine.worker.training.data_parallel import Shard, ShardForks, scatter
from engine.worker.training.loss import token_loss_sum
from engine.worker.training.rank_shards import ShardRanks

Abort = Callable[[], bool]
Others = ShardForks | ShardRanks


class StepGradients:
    """Adds up the gradients of a step in the model's parameters, scaled where `scaler` is enabled.

    `seed` and a step's number decide the random numbers of a step that is sharded. Where a card's memory does not
    suffice, a step is computed again in halved micro-batches; `fitting_tokens` are then those of the largest, else 0.
    If an operation has no `deterministic` algorithm, it is computed again without, and `refused_operation` names it.
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
        self.deterministic = False
        self.refused_operation = ""
        self._trained = [each for each in model.parameters() if each.requires_grad]
        self._forks: ShardForks | None = None
        ranks = rank_orders.current()
        self._ranks = ShardRanks(ranks, scaler) if ranks else None

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
        return loss

    def _in_parts_that_fit(
        self, step: Step, number: int, should_abort: Abort, random_state: RandomState
    ) -> torch.Tensor | None:
        """Compute a step; again with halved micro-batches, as often as a card's memory does not suffice."""
        while True:
            try:
                with determinism.deterministic(on=self.deterministic):
                    return self._add_all(step, number, should_abort)
            except (RuntimeError, MemoryError) as error:
                operation = determinism.refused_operation(error) if self.deterministic else ""
                if operation:
                    self.deterministic, self.refused_operation = False, operation
                    self._undo(random_state)
                    continue
                halved = step.halved() if oom.can_halve(self._accelerator.device.type, error) else None
                if halved is None:
                    raise
                traceback.print_exc()
            # The error held what the failed step needed.
            step = halved
            self.fitting_tokens = max(batch.padded_tokens(self._family) for batch in step.micro_batches)
            self._undo(random_state)
            devices.free_unused(self._accelerator.device)

    def _add_all(self, step: Step, number: int, should_abort: Abort) -> torch.Tensor | None:
        if len(step.shards) > 1:
            loss = self._add_sharded(step, number, should_abort)
        else:
            loss = self._add(step.micro_batches, step.label_tokens, should_abort)
        extra = None if loss is None else method_hooks.of(self._model).extra_loss(self._model)
        if extra is not None:
            self._backward(extra)
        return loss

    def _undo(self, random_state: RandomState) -> None:
        self._model.zero_grad()
        random_state.restore()

    def dry_run(self, step: Step, number: int, should_abort: Abort = lambda: False) -> bool:
        """Compute a step's gradients and drop them; return whether that was done to the end.

        Random numbers are drawn; the caller puts their state back.
        """
        try:
            for parameter in self._trained:
                # As in every micro-batch of a step but the first: gradients exist and are added to.
                parameter.grad = torch.zeros_like(parameter)
            loss = self.compute(step, number, should_abort)
            if loss is not None:
                # Waits for a device that computes asynchronously.
                loss.item()
            return loss is not None
        finally:
            for parameter in self._trained:
                parameter.grad = None

    def close(self) -> None:
        """Abort what others compute, and end the forks; the next sharded step makes new ones."""
        if self._ranks:
            self._ranks.close()
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
        """Add the gradients of a step's shards, in their order, as many at once as there are processes."""
        shards = scatter(step, self._seed, number)
        others = self._others(len(shards))
        processes = 1 + (others.count if others else 0)
        total = torch.zeros((), device=self._accelerator.device)
        for start in range(0, len(shards), processes):
            at_once = shards[start : start + processes]
            losses = self._add_at_once(at_once, others, len(shards), should_abort)
            if not losses:
                return None
            for loss in losses:
                total += loss
        return total

    def _add_at_once(
        self, shards: Sequence[Shard], others: Others | None, count: int, should_abort: Abort
    ) -> list[torch.Tensor | float]:
        """Add the gradients of the first shard, which is computed here, and of those that others compute meanwhile.

        Return the shards' parts of the loss, none if it was aborted. `count` shards have all cores. They are added one
        by one to what is there, in their order, so that the sum's bits do not depend on how many are computed at once.
        """
        mine, *theirs = shards
        if others is None:
            loss = self._add_shard(mine, should_abort)
            return [] if loss is None else [loss]
        try:
            with devices.using_threads(devices.threads_per_shard(count)):
                others.begin(theirs)
                loss = self._add_shard(mine, should_abort)
            while loss is not None and not others.are_done():
                loss = None if should_abort() else loss
            if loss is None:
                others.drop()
                return []
            return [loss, *others.finish()]
        except BaseException:
            self.close()
            raise

    def _add_shard(self, shard: Shard, should_abort: Abort) -> torch.Tensor | None:
        """Sum up a shard's gradients by themselves, add them to those that are there; return its part of the loss."""
        before = [(each, each.grad) for each in self._trained if each.grad is not None]
        for parameter, _ in before:
            parameter.grad = None
        loss = self._add(shard, shard.label_tokens, should_abort)
        for parameter, gradient in before:
            parameter.grad = gradient if parameter.grad is None else gradient.add_(parameter.grad)
        return loss

    def _others(self, shards: int) -> Others | None:
        """Return what computes shards beside this process: the processes of its run, or forks of it.

        None where it is alone and the system allows no fork. Forks live on from step to step; on a card there are none.
        """
        if self._ranks is not None:
            return self._ranks
        if self._accelerator.device.type != "cpu" or self._scaler.is_enabled():
            return None
        count = shards - 1
        if self._forks is None or self._forks.count < count:
            self.close()
            threads = devices.threads_per_shard(shards)
            try:
                self._forks = ShardForks(self._trained, self._add_one, count, threads)
            except OSError:
                traceback.print_exc()
        return self._forks
