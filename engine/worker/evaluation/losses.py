"""Losses of many examples, computed by all ranks of a run: each has every n-th micro-batch.

Losses come back in the order of the batches, so that a sum over them has the same bits whoever computed them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from engine.worker.dataset import token_cache
from engine.worker.dataset.collator import Collator, MicroBatch, evaluation_batches
from engine.worker.dataset.prompter import Encoded
from engine.worker.modeling.base_models import Model
from engine.worker.runtime import rank_group
from engine.worker.runtime.rank_group import OnResult, RankGroup, Tick

# The task of other ranks.
TASK = "losses"
# Examples that are sorted by length together.
WINDOW = 256

# Returns the losses of a batch that is on the model's device.
Losses = Callable[[Model, MicroBatch], list[float]]


@dataclass(frozen=True)
class Batches:
    """Examples as micro-batches, made anew each time: stored, they would take more memory."""

    examples: Sequence[Encoded]
    collator: Collator
    window: int = WINDOW

    def __iter__(self) -> Iterator[MicroBatch]:
        return evaluation_batches(self.examples, self.collator, self.window)


def losses_of(
    model: Model, batches: Batches, kind: str, losses: Losses, on_tick: Tick
) -> Iterator[list[float]]:
    """Yield the losses of each batch; `kind` names the function to other ranks. `on_tick` is called before each."""
    group = rank_group.current()
    if group is None:
        for batch in batches:
            on_tick()
            yield _compute(model, losses, batch)
        return
    found: dict[int, list[float]] = {}
    count = sum(1 for _ in batches)
    name = token_cache.share(batches.examples, group.folder)

    def work(items: Sequence[int], on_result: OnResult, tick: Tick) -> None:
        compute(model, batches, losses, items, on_result, tick)

    group.share(
        TASK,
        count,
        work,
        found.__setitem__,
        on_tick,
        kind=kind,
        examples=name,
        tokens=batches.collator.tokens,
        window=batches.window,
        with_adapter=not rank_group.without_adapter(),
    )
    yield from (found[index] for index in range(count))


def help_out(
    group: RankGroup, told: dict[str, Any], model: Model, collator: Collator, losses: Losses
) -> None:
    """Compute another rank's part of what `losses_of` asks for."""
    examples = token_cache.shared(told["examples"], group.folder)
    batches = Batches(examples, collator.with_tokens(told["tokens"]), told["window"])
    group.do_share(told, lambda items, emit, tick: compute(model, batches, losses, items, emit, tick))


def compute(
    model: Model, batches: Batches, losses: Losses, items: Sequence[int], on_result: OnResult, tick: Tick
) -> None:
    """Compute the losses of some of the batches."""
    for index, batch in enumerate(batches):
        if index in items:
            tick()
            on_result(index, _compute(model, losses, batch))


@torch.inference_mode()
def _compute(model: Model, losses: Losses, batch: MicroBatch) -> list[float]:
    return losses(model, batch.to(next(model.parameters()).device))
