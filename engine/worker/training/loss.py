"""The training loss: cross-entropy of the label tokens, summed or averaged over tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from engine.methods import Family
from engine.worker.dataset.collator import MicroBatch
from engine.worker.evaluation.losses import Batches, Losses, losses_of
from engine.worker.modeling import forward

# The name of these losses for other ranks.
KIND = "validation"


def token_loss_sum(model: Any, batch: MicroBatch, family: Family) -> torch.Tensor:
    """Return the sum of the label tokens' cross-entropy, in nats, as a float32 scalar."""
    logits = forward.logits_at(
        model, family, batch.input_ids, batch.attention_mask, batch.labels, batch.positions
    )
    return functional.cross_entropy(logits.float(), batch.targets, reduction="sum")


def mean_loss(model: Any, batches: Batches, family: Family, on_batch: Callable[[], None]) -> float:
    """Return the mean loss per label token over batches, in nats, in eval mode.

    `on_batch` is called before each of them; what it raises ends the work. A run's ranks share the batches.
    """
    was_training = model.training
    model.eval()
    total = 0.0
    for [loss] in losses_of(model, batches, KIND, loss_sums(family), on_batch):
        total += loss
    model.train(was_training)
    return total / max(1, sum(each.label_tokens for each in batches.examples))


def loss_sums(family: Family) -> Losses:
    """Return what computes the one loss of a batch."""
    return lambda model, batch: [float(token_loss_sum(model, batch, family))]
