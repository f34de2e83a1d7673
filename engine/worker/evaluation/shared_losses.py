"""Losses of many batches, computed by all processes of a run: each takes every n-th batch.

Losses come back in the order of the batches, so that a sum over them has the same bits whoever computed them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import torch

from engine.worker.dataset.collator import MicroBatch
from engine.worker.modeling.base_models import Model
from engine.worker.runtime import rank_orders
from engine.worker.runtime.rank_orders import Emit, Ranks, Tick

# The order by which other processes compute losses.
ORDER = "losses"
# Batches that each process takes at a time: few, since they are made anew and sent.
BATCHES = 4

# Returns the losses of a batch that is on the model's device.
Losses = Callable[[Model, MicroBatch], list[float]]


def losses_of(
    model: Model, batches: Iterable[MicroBatch], kind: str, losses: Losses, on_tick: Tick
) -> Iterator[list[float]]:
    """Yield the losses of each batch; `kind` names the function to other processes. `on_tick` is called before each."""
    others = rank_orders.current()
    if others is None:
        emitted: list[list[float]] = []
        for batch in batches:
            compute(model, losses, [batch], emitted.append, on_tick)
            yield emitted.pop()
        return
    remaining = iter(batches)
    while some := list(islice(remaining, BATCHES * others.size)):
        yield from _shared(others, model, some, kind, losses, on_tick)


@torch.inference_mode()
def compute(model: Model, losses: Losses, batches: Sequence[MicroBatch], emit: Emit, tick: Tick) -> None:
    """Emit the losses of each batch."""
    device = next(model.parameters()).device
    for batch in batches:
        tick()
        emit(losses(model, batch.to(device)))


def _shared(
    others: Ranks, model: Model, batches: list[MicroBatch], kind: str, losses: Losses, on_tick: Tick
) -> list[list[float]]:
    count = min(others.size, len(batches))
    found: list[list[list[float]]] = [[] for _ in range(count)]
    mine, *theirs = [batches[start::count] for start in range(count)]

    def work(part: Sequence[MicroBatch], emit: Emit, tick: Tick) -> None:
        compute(model, losses, part, emit, tick)

    parts = [mine, *[[batch.as_tuple() for batch in part] for part in theirs]]
    others.map(ORDER, {"losses": kind}, parts, work, lambda part, each: found[part].append(each), on_tick)
    return [found[index % count][index // count] for index in range(len(batches))]
