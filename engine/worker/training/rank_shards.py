"""Data parallelism over processes: a step's shards are computed by the processes of a run, on a card each.

The counterpart of `data_parallel`, whose forks share a processor's memory: processes can be on other cards and on other
computers. Process 0 sends the others the trained parameters and their shards, and gets the sum of the gradients, added
in the order of the shards. So only process 0 has an optimizer and the state of a method, and a step's bits depend on
its shards alone, not on who computes them. DistributedDataParallel would send gradients while others are still
computed, which is faster where all of a large model is trained; but it means the same update, and the same state, in
each process, and adds in an order of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch.amp import GradScaler

from engine.worker.dataset.collator import MicroBatch
from engine.worker.runtime.process_group import flatten, unflatten
from engine.worker.runtime.rank_orders import POLL_SECONDS, Ranks
from engine.worker.training.data_parallel import AddGradients, Shard

# The orders, see `jobs.rank`.
SHARD, SUM = "shard", "sum"
Parameters = Sequence[torch.nn.Parameter]


class ShardRanks:
    """The other processes of a run, each of which computes the gradients of one shard of a step at a time."""

    def __init__(self, ranks: Ranks, scaler: GradScaler) -> None:
        self.count = ranks.size - 1
        self._ranks = ranks
        self._scaler = scaler
        self._losses: dict[int, float] = {}

    def begin(self, shards: Sequence[Shard]) -> None:
        """Let each shard be computed by a process, with the parameters as they are now."""
        facts = {
            "threads": torch.get_num_threads(),
            "scale": self._scaler.get_scale() if self._scaler.is_enabled() else 1.0,
            "deterministic": torch.are_deterministic_algorithms_enabled(),
        }
        parts = [as_message(shard) for shard in shards]
        self._losses = {}
        self._ranks.order(SHARD, facts, [*parts, *[None] * (self.count - len(parts))])
        self._ranks.send_trained()

    def are_done(self) -> bool:
        """Wait a moment; tell whether all shards are computed."""
        self._ranks.lend()
        is_done = self._ranks.take(self._losses.__setitem__)
        if not is_done:
            time.sleep(POLL_SECONDS)
        return is_done

    def finish(self) -> list[float]:
        """Wait for all shards, add their gradients to this process's, and return their parts of the loss."""
        self._ranks.wait(self._losses.__setitem__)
        self._ranks.order(SUM, {})
        for parameters in by_format(self._ranks.trained):
            gradients = [_gradient(each) for each in parameters]
            put_sums(self._ranks.sum(flatten(gradients)), parameters)
        self._ranks.wait(lambda *_: None)
        return [self._losses[rank] for rank in sorted(self._losses)]

    def drop(self) -> None:
        """Abort what is being computed."""
        self._ranks.drop()

    def close(self) -> None:
        """Abort what is being computed; the processes go on to the next order."""
        if not self._ranks.is_broken:
            self._ranks.drop()


class ShardServer:
    """What another process does for `ShardRanks`: gradients of one shard after the other, in buffers of its own."""

    def __init__(self, trainable: Parameters, add_gradients: Callable[[float], AddGradients]) -> None:
        self._trainable = trainable
        self._add_gradients = add_gradients
        self._sums = [
            (parameters, torch.zeros_like(flatten([each.data for each in parameters])))
            for parameters in by_format(trainable)
        ]

    def compute(self, shard: Shard, scale: float, is_dropped: Callable[[], bool]) -> float | None:
        """Put a shard's gradients into the buffers and return its part of the loss; None as soon as it is dropped."""
        add, loss = self._add_gradients(scale), None
        for batch in shard:
            if is_dropped():
                return None
            part = add(batch, shard.label_tokens)
            loss = part if loss is None else loss + part
        # Only now is a card waited for.
        return 0.0 if loss is None else float(loss)

    def clear(self) -> None:
        """Let gradients be summed from zero."""
        for parameters, total in self._sums:
            total.zero_()
            begin = 0
            for each in parameters:
                each.grad = total[begin : begin + each.numel()].view(each.shape)
                begin += each.numel()

    def sums(self) -> Iterable[torch.Tensor]:
        """Yield the gradients, flat, by number format."""
        for _, total in self._sums:
            yield total


def by_format(parameters: Parameters) -> list[list[torch.nn.Parameter]]:
    """Return parameters in groups of one number format, the same in every process."""
    groups: dict[torch.dtype, list[torch.nn.Parameter]] = {}
    for each in parameters:
        groups.setdefault(each.dtype, []).append(each)
    return list(groups.values())


def put_sums(flat: torch.Tensor, parameters: Parameters) -> None:
    """Take sums as gradients; a parameter that no process used still has none."""
    sums = [torch.empty_like(each) if each.grad is None else each.grad for each in parameters]
    unflatten(flat, sums)
    for each, total in zip(parameters, sums, strict=True):
        if each.grad is None and bool(total.any()):
            each.grad = total


def _gradient(parameter: torch.nn.Parameter) -> torch.Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def as_message(shard: Shard) -> dict[str, Any]:
    """Return a shard as another process gets it."""
    batches = [batch.as_tuple() for batch in shard.micro_batches]
    return {"batches": batches, "seeds": list(shard.seeds), "label_tokens": shard.label_tokens}


def from_message(message: dict[str, Any]) -> Shard:
    """Return the shard of a message."""
    batches = tuple(MicroBatch(*batch) for batch in message["batches"])
    return Shard(batches, tuple(message["seeds"]), message["label_tokens"])
