"""The training loss: cross-entropy of the label tokens, summed or averaged over tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.nn import functional

from engine.methods import Family
from engine.worker.dataset.collator import MicroBatch
from engine.worker.modeling import forward


def token_loss_sum(model: Any, batch: MicroBatch, family: Family) -> torch.Tensor:
    """Return the sum of the label tokens' cross-entropy, in nats, as a float32 scalar."""
    logits = forward.logits_at(
        model, family, batch.input_ids, batch.attention_mask, batch.labels, batch.positions
    )
    return functional.cross_entropy(logits.float(), batch.targets, reduction="sum")


@torch.inference_mode()
def mean_loss(
    model: Any, batches: Iterable[MicroBatch], family: Family, on_batch: Callable[[], None]
) -> float:
    """Return the mean loss per label token over batches, in nats, in eval mode.

    `on_batch` is called before each of them; what it raises ends the work.
    """
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    total, tokens = 0.0, 0
    for batch in batches:
        on_batch()
        total += float(token_loss_sum(model, batch.to(device), family))
        tokens += batch.label_tokens
    model.train(was_training)
    return total / max(1, tokens)
