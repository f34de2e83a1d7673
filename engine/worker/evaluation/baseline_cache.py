"""What a base model does before a run's first step: its validation loss and its summaries of pinned conversations.

Kept, like its scores, so that the next run on the same data begins at once. Knows nothing of how they are made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ValidationError

from engine.system.files import write_whole
from engine.worker.dataset.collator import MicroBatch
from engine.worker.evaluation import score_cache
from engine.worker.generation.generate import Generated
from engine.worker.modeling.base_models import LoadedBase


class BaseLook(BaseModel, frozen=True):
    """The loss in nats a learned token, None without validation data, and a summary of each pinned conversation."""

    loss: float | None
    summaries: tuple[Generated, ...]


class _File(BaseModel):
    look_schema: Literal[1]
    look: BaseLook


def place(
    base: LoadedBase, batches: Iterable[MicroBatch], prompts: Sequence[Sequence[int]], max_new_tokens: int
) -> Path:
    """Return where a look is kept: named by the base, how it computes, and every token that it reads and learns."""
    digest = hashlib.sha256(json.dumps([*map(list, prompts), max_new_tokens]).encode())
    for batch in batches:
        for tensor in (batch.input_ids, batch.attention_mask, batch.labels):
            digest.update(repr(tuple(tensor.shape)).encode())
            digest.update(np.ascontiguousarray(tensor.numpy()).tobytes())
    return score_cache.place(base, {"look": digest.hexdigest(), "threads": base.threads})


def load(file: Path) -> BaseLook | None:
    """Return what was kept in a file, or None; one that can't be read is as good as none."""
    try:
        return _File.model_validate_json(file.read_bytes()).look
    except (OSError, ValidationError):
        return None


def save(file: Path, look: BaseLook) -> None:
    """Keep a look."""
    write_whole(file, _File(look_schema=1, look=look).model_dump_json())
