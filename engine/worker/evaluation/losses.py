"""The cross-entropy of label tokens: of a batch in training, and of many examples, which the ranks of a run share.

Each rank has every n-th micro-batch. Losses come back in the order of the batches, so that a sum over them has the same
bits whoever computed them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch.nn import functional

from engine.methods import Family
from engine.worker.dataset import token_cache
from engine.worker.dataset.collator import Collator, MicroBatch, evaluation_batches
from engine.worker.dataset.prompter import Encoded
from engine.worker.modeling import forward
from engine.worker.modeling.base_models import Model
from engine.worker.runtime import rank_group
from engine.worker.runtime.rank_group import OnResult, RankGroup, Tick

# The task of other ranks, and what they compute of each batch: the sum of its losses, or the mean of each row.
TASK = "losses"
VALIDATION, GENERAL_TEXT = "validation", "general text"
# Examples that are sorted by length together.
WINDOW = 256


@dataclass(frozen=True)
class Batches:
    """Examples as micro-batches, made anew each time: stored, they would take more memory."""

    examples: Sequence[Encoded]
    collator: Collator
    window: int = WINDOW

    def __iter__(self) -> Iterator[MicroBatch]:
        return evaluation_batches(self.examples, self.collator, self.window)


def token_loss_sum(model: Any, batch: MicroBatch, family: Family) -> torch.Tensor:
    """Return the sum of the label tokens' cross-entropy, in nats, as a float32 scalar."""
    return _cross_entropy(model, batch, family, "sum")


def mean_loss(model: Any, batches: Batches, family: Family, on_batch: Callable[[], None]) -> float:
    """Return the mean loss per label token over batches, in nats, in eval mode.

    `on_batch` is called before each of them; what it raises ends the work. A run's ranks share the batches.
    """
    total = 0.0
    for [loss] in losses_of(model, batches, VALIDATION, family, on_batch):
        total += loss
    return total / max(1, sum(each.label_tokens for each in batches.examples))


def losses_of(
    model: Model, batches: Batches, kind: str, family: Family, on_tick: Tick
) -> Iterator[list[float]]:
    """Yield the losses of each batch in eval mode. `on_tick` is called before each."""
    group, was_training = rank_group.current(), model.training
    model.eval()
    try:
        if group is None:
            for batch in batches:
                on_tick()
                yield _compute(model, kind, family, batch)
            return
        found: dict[int, list[float]] = {}
        count = sum(1 for _ in batches)
        group.share(
            TASK,
            count,
            partial(_compute_some, model, batches, kind, family),
            found.__setitem__,
            on_tick,
            kind=kind,
            examples=token_cache.share(batches.examples, group.folder),
            tokens=batches.collator.tokens,
            window=batches.window,
            with_adapter=not rank_group.without_adapter(),
        )
        yield from (found[index] for index in range(count))
    finally:
        model.train(was_training)


def help_out(
    group: RankGroup, told: dict[str, Any], model: Model, collator: Collator, family: Family
) -> None:
    """Compute another rank's part of what `losses_of` asks for."""
    was_training = model.training
    model.eval()
    examples = token_cache.shared(told["examples"], group.folder)
    batches = Batches(examples, collator.with_tokens(told["tokens"]), told["window"])
    group.do_share(told, partial(_compute_some, model, batches, told["kind"], family))
    model.train(was_training)


def _compute_some(
    model: Model,
    batches: Batches,
    kind: str,
    family: Family,
    items: Sequence[int],
    on_result: OnResult,
    tick: Tick,
) -> None:
    for index, batch in enumerate(batches):
        if index in items:
            tick()
            on_result(index, _compute(model, kind, family, batch))


@torch.inference_mode()
def _compute(model: Model, kind: str, family: Family, batch: MicroBatch) -> list[float]:
    """Return the summed loss of a batch, or the mean loss per label token of each of its rows."""
    batch = batch.to(next(model.parameters()).device)
    if kind == VALIDATION:
        return [float(token_loss_sum(model, batch, family))]
    each, rows = _cross_entropy(model, batch, family, "none"), batch.positions[0]
    sums = each.new_zeros(len(batch.input_ids)).index_add_(0, rows, each)
    # Counted like this, a GPU is not waited for: torch.bincount looks for the largest row.
    counts = torch.zeros_like(sums).index_add_(0, rows, torch.ones_like(each))
    means: list[float] = (sums / counts).tolist()
    return means


def _cross_entropy(model: Any, batch: MicroBatch, family: Family, reduction: str) -> torch.Tensor:
    logits = forward.logits_at(
        model, family, batch.input_ids, batch.attention_mask, batch.labels, batch.positions
    )
    return functional.cross_entropy(logits.float(), batch.targets, reduction=reduction)
