"""Caches the scores of base models: one file per protocol, model and way to compute.

Knows nothing of how they are computed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.system import cache
from engine.worker.dataset.prompter import Prompter
from engine.worker.kernels import registry
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.runtime.versions import versions
from engine.worker.text_metrics.summary_metrics import ExampleMetrics
from engine.worker.text_metrics.text_protocol import Protocol

# Part of every name: raised when the same summaries get other scores, or scores are written otherwise.
FORMAT = 3


def load(protocol: Protocol, base: LoadedBase, prompter: Prompter) -> ExampleMetrics | None:
    """Return the cached values of the same model under the same protocol and prompt, or None."""
    return cache.load(_path(protocol, base, prompter), ExampleMetrics)


def save(protocol: Protocol, base: LoadedBase, prompter: Prompter, values: ExampleMetrics) -> None:
    """Cache a base model's values under a protocol and a prompt."""
    cache.save(_path(protocol, base, prompter), values)


def _path(protocol: Protocol, base: LoadedBase, prompter: Prompter) -> Path:
    return path("scores", base, {"format": FORMAT, "protocol": protocol, "prompter": prompter.identity})


def path(kind: str, base: LoadedBase, facts: dict[str, Any]) -> Path:
    """Return the cache file of what a base model computes from `facts`, by all else that can change an output."""
    settings = {
        "base": base.fingerprint,
        "precision": base.precision,
        "quantization": base.options.quantization,
        "double_quantization": base.options.double_quantization,
        "device": base.device.type,
        # Scores made by a fault of an earlier version must not survive its mending.
        "versions": versions(),
        "patches": registry.active(base.device.type, base.precision),
    }
    return cache.place(kind, facts | settings)
