"""Data parallelism on a processor: a step's shards are computed side by side, the first here, the others in forks.

Gradients are summed in the order of the shards, and the random state of each micro-batch is seeded by the run's seed,
the step and the micro-batch's position. So a step is the same to the bit whenever it has as many shards.

Forks need no launcher, and have libraries and base model from the process: the starter's run takes 1.1 GB in two, and
1.5 GB in two processes of torchrun (`rank_shards`), whose shards give the same bits. Those reach other cards and other
computers. Knows nothing of models and losses.
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

# Adds a micro-batch's gradients to the parameters' and returns its part of the loss; given the step's label tokens.
AddGradients = Callable[[MicroBatch, int], torch.Tensor]


@dataclass(frozen=True)
class Shard:
    """A part of a step: its micro-batches with a seed for each, and the label tokens of the whole step."""

    micro_batches: tuple[MicroBatch, ...]
    seeds: tuple[int, ...]
    label_tokens: int

    def __iter__(self) -> Iterator[MicroBatch]:
        """Yield the micro-batches, each after its seed was set, for the processor and for cards."""
        for batch, seed in zip(self.micro_batches, self.seeds, strict=True):
            torch.manual_seed(seed)
            yield batch


# Sent in the place of a shard: the one being computed is no longer wanted.
DROP = None


class ShardForks:
    """Forks of this process, each of which computes the gradients of one shard of a step.

    Trainable parameters move into memory that the forks share, so that they see every update; everything else is as it
    was when they were forked. `count` shards can be computed at once. Raises OSError where the system allows no fork.
    """

    def __init__(
        self, trainable: Sequence[torch.nn.Parameter], add_gradients: AddGradients, count: int, threads: int
    ) -> None:
        if not enabled("step_forks"):
            raise OSError(VARIABLE)
        self.count = count
        self._trainable = trainable
        for parameter, shared in zip(
            trainable, shared_copies([each.data for each in trainable]), strict=True
        ):
            parameter.data = shared
        self._sums = [
            shared_copies([torch.zeros_like(each.data) for each in trainable]) for _ in range(count)
        ]
        serve = [partial(_serve, add_gradients, trainable, sums) for sums in self._sums]
        self._forks = start_forks(serve, threads)
        self._busy: Sequence[Fork] = ()

    def begin(self, shards: Sequence[Shard]) -> None:
        """Let each shard be computed by a fork."""
        self._busy = self._forks[: len(shards)]
        for fork, shard in zip(self._busy, shards, strict=True):
            fork.send(shard)

    def are_done(self) -> bool:
        """Wait a moment; tell whether `finish` would return at once."""
        return all(fork.has_answered() for fork in self._busy)

    def finish(self) -> list[float]:
        """Wait for all shards, add their gradients to this process's, and return their parts of the loss."""
        losses = []
        for fork, sums in zip(self._busy, self._sums, strict=False):
            losses.append(fork.receive())
            self._add(sums)
        return losses

    def drop(self) -> None:
        """Abort what is being computed."""
        for fork in self._busy:
            fork.send(DROP)
        for fork in self._busy:
            fork.receive()

    def close(self) -> None:
        """End the forks."""
        for fork in self._forks:
            fork.close()

    def _add(self, sums: Sequence[torch.Tensor]) -> None:
        known = [each for each in zip(self._trainable, sums, strict=True) if each[0].grad is not None]
        if known:
            torch._foreach_add_([parameter.grad for parameter, _ in known], [total for _, total in known])
        for parameter, total in zip(self._trainable, sums, strict=True):
            # This shard did not use the parameter; if another did, its gradient is not zero.
            if parameter.grad is None and bool(total.any()):
                parameter.grad = total.clone()


def scatter(step: Step, seed: int, number: int) -> list[Shard]:
    """Return the shards of step `number`, with seeds that follow from the run's seed and the step."""
    drawn = np.random.SeedSequence((seed, number)).generate_state(len(step.micro_batches), np.uint32)
    seeds = iter(drawn.tolist())
    return [Shard(shard, tuple(islice(seeds, len(shard))), step.label_tokens) for shard in step.shards]


def _serve(
    add_gradients: AddGradients,
    trainable: Sequence[torch.nn.Parameter],
    sums: Sequence[torch.Tensor],
    connection: Connection,
) -> None:
    """Compute one shard after another; in a fork."""
    for parameter, total in zip(trainable, sums, strict=True):
        parameter.grad = total
    while True:
        shard = fork_pool.receive(connection)
        # A DROP that arrives after the shard was done has its answer already.
        if shard is not DROP:
            fork_pool.send(connection, _compute(add_gradients, sums, shard, connection))


def _compute(
    add_gradients: AddGradients, sums: Sequence[torch.Tensor], shard: Shard, connection: Connection
) -> float:
    """Put a shard's gradients into `sums` and return its part of the loss; 0 as soon as it is dropped."""
    torch._foreach_zero_(list(sums))
    loss = torch.zeros(())
    for batch in shard:
        if connection.poll():
            fork_pool.receive(connection)
            return 0.0
        loss += add_gradients(batch, shard.label_tokens)
    return float(loss)
