"""Caches what a run computes of its base model before the first step: validation loss and sample summaries.

A further run on the same data then starts at once. Knows nothing of how they are computed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from engine.worker.dataset.collator import MicroBatch
from engine.worker.evaluation import score_cache
from engine.worker.generation.generated import Generated
from engine.worker.modeling.base_models import LoadedBase


class BaselineEvaluation(BaseModel, frozen=True):
    """The loss in nats per label token, None without validation data, and a summary per pinned conversation."""

    loss: float | None
    summaries: tuple[Generated, ...]


def path(
    base: LoadedBase, batches: Iterable[MicroBatch], prompts: Sequence[Sequence[int]], max_new_tokens: int
) -> Path:
    """Return the cache file for a base model, the tokens of its validation batches and its prompts."""
    digest = hashlib.sha256(json.dumps([*map(list, prompts), max_new_tokens]).encode())
    for batch in batches:
        for tensor in (batch.input_ids, batch.attention_mask, batch.labels):
            digest.update(repr(tuple(tensor.shape)).encode())
            digest.update(np.ascontiguousarray(tensor.numpy()).tobytes())
    return score_cache.path("baseline", base, {"inputs": digest.hexdigest(), "threads": base.threads})
