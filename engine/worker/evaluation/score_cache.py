"""Caches the scores of base models: one file per protocol, model and way to compute.

A file that can't be read counts as absent, since the scores can be computed again. Knows nothing of how they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch
import transformers
from pydantic import BaseModel, ValidationError

from engine.adapters.metadata import protocol_key
from engine.system.files import write_atomically
from engine.system.paths import scores_folder
from engine.worker.evaluation.protocol import Protocol
from engine.worker.evaluation.summary_metrics import ExampleMetrics
from engine.worker.kernels import registry
from engine.worker.modeling.base_models import LoadedBase


class _File(BaseModel):
    kept_schema: Literal[2]
    protocol: Protocol
    measured: ExampleMetrics


def load(protocol: Protocol, base: LoadedBase) -> ExampleMetrics | None:
    """Return the cached values of the same model under the same protocol, or None."""
    try:
        return _File.model_validate_json(path(base, {"protocol": protocol}).read_bytes()).measured
    except (OSError, ValidationError):
        return None


def save(protocol: Protocol, base: LoadedBase, values: ExampleMetrics) -> None:
    """Cache a base model's values under a protocol."""
    file = _File(kept_schema=2, protocol=protocol, measured=values)
    write_atomically(path(base, {"protocol": protocol}), file.model_dump_json(by_alias=True))


def path(base: LoadedBase, facts: dict[str, Any]) -> Path:
    """Return the cache file of what a base model computes from `facts`.

    Its name is a digest of the facts and of everything else that can change an output of the model.
    """
    settings = {
        "base": base.fingerprint,
        "precision": base.precision,
        "quantization": base.options.quantization,
        "double_quantization": base.options.double_quantization,
        "device": base.device.type,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "patches": registry.active(base.device.type, base.precision),
    }
    return scores_folder() / f"{protocol_key(facts | settings)}.json"
