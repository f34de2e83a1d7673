"""A step's gradients computed in shares side by side: one in this process, each other one in a replica of it.

The sum is formed in the shares' order, and chance begins anew with every micro-batch by the run's seed, the step and
the micro-batch's place in it: so a step is the same to the bit whenever it is computed with as many replicas. Knows
nothing of models and losses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from multiprocessing.connection import Connection

import numpy as np
import torch

from engine.worker.dataset.collator import MicroBatch, Step
from engine.worker.kernels.registry import VARIABLE, enabled
from engine.worker.runtime import fork_pool
from engine.worker.runtime.fork_pool import Fork, shared_copies, start_forks

# Adds a micro-batch's gradients to those that are there and returns its part of the loss; the step's learned tokens.
Learn = Callable[[MicroBatch, int], torch.Tensor]


@dataclass(frozen=True)
class Share:
    """A part of a step: its micro-batches, a number for the chance in each, and the whole step's learned tokens."""

    micro_batches: tuple[MicroBatch, ...]
    seeds: tuple[int, ...]
    learned_tokens: int

    def __iter__(self) -> Iterator[MicroBatch]:
        """Yield the micro-batches, each with chance begun anew."""
        for batch, seed in zip(self.micro_batches, self.seeds, strict=True):
            torch.default_generator.manual_seed(seed)
            yield batch


# In the place of a share: whatever is being computed is not wanted any more.
DROP = None


class Shares:
    """What computes all but a step's first share, on replicas that it forks; all of a model's numbers as they are then.

    The trained numbers are put where replicas see what becomes of them. `most` shares can be computed at once. Raises
    OSError where the system allows no fork.
    """

    def __init__(self, trained: Sequence[torch.nn.Parameter], learn: Learn, most: int, threads: int) -> None:
        if not enabled("step_forks"):
            raise OSError(VARIABLE)
        self.most = most
        self._trained = trained
        for parameter, numbers in zip(trained, shared_copies([each.data for each in trained]), strict=True):
            parameter.data = numbers
        self._sums = [shared_copies([torch.zeros_like(each.data) for each in trained]) for _ in range(most)]
        self._replicas = start_forks([partial(_serve, learn, trained, sums) for sums in self._sums], threads)
        self._busy: Sequence[Fork] = ()

    def begin(self, shares: Sequence[Share]) -> None:
        """Let each of a step's shares be computed by a replica."""
        self._busy = self._replicas[: len(shares)]
        for replica, share in zip(self._busy, shares, strict=True):
            replica.send(share)

    def are_done(self) -> bool:
        """Wait a moment; tell whether `finish` would return at once."""
        return all(replica.has_answered() for replica in self._busy)

    def finish(self) -> float:
        """Wait for all shares, add their gradients to this process's and return their part of the loss."""
        loss = 0.0
        for replica, sums in zip(self._busy, self._sums, strict=False):
            loss += replica.receive()
            self._add(sums)
        return loss

    def drop(self) -> None:
        """Give up what is being computed."""
        for replica in self._busy:
            replica.send(DROP)
        for replica in self._busy:
            replica.receive()

    def close(self) -> None:
        """End the replicas."""
        for replica in self._replicas:
            replica.close()

    def _add(self, sums: Sequence[torch.Tensor]) -> None:
        known = [each for each in zip(self._trained, sums, strict=True) if each[0].grad is not None]
        if known:
            torch._foreach_add_([parameter.grad for parameter, _ in known], [total for _, total in known])
        for parameter, total in zip(self._trained, sums, strict=True):
            # Nothing here hung on it; what does elsewhere has another gradient than zeros.
            if parameter.grad is None and bool(total.any()):
                parameter.grad = total.clone()


def shared_out(step: Step, seed: int, number: int) -> list[Share]:
    """Return a step's shares with what decides their chance: a run's seed, the step's number, each one's place."""
    drawn = np.random.SeedSequence((seed, number)).generate_state(len(step.micro_batches), np.uint32)
    seeds = iter(drawn.tolist())
    return [Share(share, tuple(islice(seeds, len(share))), step.learned_tokens) for share in step.shares]


def _serve(
    learn: Learn, trained: Sequence[torch.nn.Parameter], sums: Sequence[torch.Tensor], connection: Connection
) -> None:
    """Compute one share after another; in a replica."""
    for parameter, total in zip(trained, sums, strict=True):
        parameter.grad = total
    while True:
        share = fork_pool.receive(connection)
        # What is dropped as it was done is answered already.
        if share is not DROP:
            fork_pool.send(connection, _learned(learn, sums, share, connection))


def _learned(learn: Learn, sums: Sequence[torch.Tensor], share: Share, connection: Connection) -> float:
    """Put a share's gradients into `sums` and return its part of the loss; 0 as soon as it is dropped."""
    torch._foreach_zero_(list(sums))
    loss = 0.0
    for batch in share:
        if connection.poll():
            fork_pool.receive(connection)
            return 0.0
        loss += float(learn(batch, share.learned_tokens))
    return loss
