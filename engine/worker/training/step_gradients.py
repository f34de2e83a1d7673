"""The gradients of one optimizer step: its micro-batches, one after the other, and their sum over all ranks.

The loss is the sum over the step's label tokens divided by their number, whatever the micro-batches are and whoever
computes them; the stock Trainer gets that wrong for T5. With deterministic algorithms on a GPU, a resumed run equals an
uninterrupted one to the bit. Knows neither the optimizer nor the loop.
"""

from __future__ import annotations

import math
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch.amp import GradScaler

from engine.methods import Family
from engine.worker.adapters import method_hooks
from engine.worker.dataset.collator import MicroBatch, Step
from engine.worker.evaluation.losses import token_loss_sum
from engine.worker.runtime import devices, oom, random_state, rank_group
from engine.worker.runtime.rank_group import RankGroup

Abort = Callable[[], bool]
# More tokens than any micro-batch has.
ANY_TOKENS = 1 << 40
# Kinds of devices whose usual algorithms may add in another order each time, and that have others.
DETERMINISTIC_GPUS = frozenset({"cuda"})
# Of all parameters. What deterministic algorithms cost is the backward pass of attention, and much more that of
# embeddings: those are trained where most of the model is.
LORA_SHARE = 0.1
# How torch refuses an operation: one without another algorithm, and cuBLAS without its variable.
REFUSAL = re.compile(
    r"(\S+) does not have a deterministic implementation|not deterministic because it uses (\w+)"
)


class StepGradients:
    """Adds up the gradients of a step in the model's parameters, scaled where `scaler` is enabled.

    With several ranks, `seed` and a step's number decide its random numbers. Where a GPU's memory does not
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
        self._group = rank_group.current()

    def compute(self, step: Step, number: int, should_abort: Abort = lambda: False) -> torch.Tensor | None:
        """Compute the gradients of step `number` (counted from 0); return its loss per label token, a scalar.

        `should_abort` is asked before every micro-batch. If it says so, None is returned, and gradients and random
        numbers are as if the step had not begun; so they are after an error.
        """
        states = random_state.now(self._accelerator.device)
        self._model.train()
        loss = None
        try:
            loss = self._in_parts_that_fit(step, number, should_abort, states)
        finally:
            if loss is None:
                self._undo(states)
        if loss is None or self._group is None:
            return loss
        return self._summed(self._group, loss, number)

    def _in_parts_that_fit(
        self, step: Step, number: int, should_abort: Abort, states: random_state.States
    ) -> torch.Tensor | None:
        """Compute a step; again with halved micro-batches, as often as a GPU's memory does not suffice."""
        while True:
            try:
                with deterministic(on=self.deterministic):
                    return self._add(step, number, should_abort)
            except (RuntimeError, MemoryError) as error:
                operation = _refused_operation(error) if self.deterministic else ""
                if operation:
                    self.deterministic, self.refused_operation = False, operation
                    self._undo(states)
                    continue
                # Of a sharded base model, the other ranks wait for just this micro-batch.
                can_halve = not self._is_sharded and oom.can_halve(self._accelerator.device.type, error)
                halved = step.halved() if can_halve else None
                if halved is None:
                    raise
                traceback.print_exc()
            # The error held what the failed step needed.
            step = halved
            self.fitting_tokens = max(batch.padded_tokens(self._family) for batch in step.micro_batches)
            self._undo(states)
            devices.free_unused(self._accelerator.device)

    def _undo(self, states: random_state.States) -> None:
        self._model.zero_grad()
        random_state.restore(states)

    @property
    def _is_sharded(self) -> bool:
        return self._group is not None and self._group.is_sharded

    def _add(self, step: Step, number: int, should_abort: Abort) -> torch.Tensor | None:
        """Add the gradients of this process's micro-batches; return their part of the loss."""
        total = torch.zeros((), device=self._accelerator.device)
        for index, batch in enumerate(step.micro_batches):
            if should_abort():
                return None
            if self._group is not None:
                self._seed_for(number, self._group.number, index)
            total += self._add_one(batch, step.label_tokens)
        if self._is_sharded:
            # As many passes as the rank with most micro-batches: all gather the same blocks at the same time.
            assert self._group is not None
            [most] = self._group.largest([len(step.micro_batches)])
            for _ in range(most - len(step.micro_batches)):
                self._add_one(step.filler, math.inf)
        # What is added to the whole step's loss counts once.
        has_extra = self._group is None or self._group.is_first
        extra = method_hooks.of(self._model).extra_loss(self._model) if has_extra else None
        if extra is not None:
            self._backward(extra)
        return total

    def _add_one(self, batch: MicroBatch, label_tokens: float) -> torch.Tensor:
        loss = token_loss_sum(self._model, batch.to(self._accelerator.device), self._family) / label_tokens
        self._backward(loss)
        return loss.detach()

    def _backward(self, loss: torch.Tensor) -> None:
        self._accelerator.backward(self._scaler.scale(loss))

    def _seed_for(self, *position: int) -> None:
        """Let random numbers be those of a position in the run, for the CPU and for GPUs."""
        [drawn] = np.random.SeedSequence((self._seed, *position)).generate_state(1, np.uint32).tolist()
        torch.manual_seed(drawn)

    def _summed(self, group: RankGroup, loss: torch.Tensor, number: int) -> torch.Tensor:
        """Sum the gradients of all ranks into each one's, and return the sum of their parts of the loss."""
        fitting = self.fitting_tokens or ANY_TOKENS
        has_gradient = [each.grad is not None for each in self._trained]
        # Where no rank has used a parameter, it has no gradient. All get on with what fits in each.
        *used, least = group.largest([*map(int, has_gradient), -fitting])
        self.fitting_tokens = 0 if -least == ANY_TOKENS else -least
        gradients = []
        for parameter, is_used in zip(self._trained, used, strict=True):
            if is_used:
                parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
                gradients.append(parameter.grad)
        group.sum_([loss, *gradients])
        # What is drawn from here on is the same in all ranks.
        self._seed_for(number, group.size)
        return loss


@contextmanager
def deterministic(*, on: bool) -> Iterator[None]:
    """Compute inside with deterministic algorithms if they are `on`.

    A CPU computes the same every time anyway. On a GPU cuBLAS needs CUBLAS_WORKSPACE_CONFIG besides, which the worker
    sets at its start, before CUDA reads it. Not `warn_only`: torch's flash and memory-efficient attention then keep a
    backward pass that is not deterministic.
    """
    if not on:
        yield
        return
    torch.use_deterministic_algorithms(True)
    # Every new tensor would be filled otherwise, for programs that read what they never wrote.
    torch.utils.deterministic.fill_uninitialized_memory = False
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


def _refused_operation(error: BaseException) -> str:
    """Return the operation that an error says has no deterministic algorithm, "" for any other error."""
    found = REFUSAL.search(str(error))
    return found[1] or found[2] if found else ""
